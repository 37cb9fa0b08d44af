"""Task files that fit: what lines of builds and commands, aliases and templates become."""

from __future__ import annotations

import pytest
from support.task_reading import FACTS, build, read, run, run_line

from gitops.model.secret import Secret
from gitops.model.tasks import (
    BuildLine,
    BuildSecret,
    RunFacts,
    RunLine,
)
from gitops.spec.tasks import Given
from gitops.spec.tasks.aliases import IMAGES
from gitops.spec.tasks.run_line import read_run
from gitops.spec.tasks.words import LineError
from gitops.spec.tasks.workplace import Workplace


def test_every_option_of_a_build_line() -> None:
    """Each option of a build line is kept; long and short forms, joined or apart, are the same."""
    work = build(
        "-qt app --tag=b:1 -tc:2 --image d -f docker/Dockerfile --build-arg A=1 --build-arg B"
        " --label x=y --label z --target run --platform linux/amd64,linux/arm64 --no-cache --pull"
        " --network host --add-host h:1.2.3.4 --add-host i=::1 --secret id=npm"
        " --secret id=a,env=TOKEN --secret type=file,id=b,src=keys/b --ssh default"
        " --cache-from c --cache-from type=registry,ref=c:x"
        " --cache-to type=registry,ref=c:y,mode=max"
        " -m 512m --shm-size=1.5g --rm --force-rm --progress plain --load --compress"
        " --isolation=default ./web/../app"
    )
    assert work == BuildLine(
        "app",
        "docker/Dockerfile",
        ("app:latest", "b:1", "c:2", "d:latest"),
        (("A", "1"), ("B", None)),
        (("x", "y"), ("z", "")),
        "run",
        ("linux/amd64", "linux/arm64"),
        no_cache=True,
        pull=True,
        network="host",
        hosts=("h:1.2.3.4", "i:::1"),
        secrets=(BuildSecret("npm"), BuildSecret("a", "TOKEN"), BuildSecret("b", path="keys/b")),
        ssh=("default",),
        cache_from=("c:latest", "c:x"),
        memory=512 * 2**20,
        shm_size=3 * 2**29,
        cache_to="c:y",
        cache_mode="max",
    )


@pytest.mark.parametrize(
    ("line", "context", "file"),
    [
        (".", ".", ""),
        ("/workspace/a -f /workspace/b/Dockerfile", "a", "b/Dockerfile"),
        (". -f Dockerfile", ".", "Dockerfile"),
        ("--pull=false -- .", ".", ""),
        ("https://h/r.git#main:sub -f /docker/D", "https://h/r.git#main:sub", "docker/D"),
        ("git@h:r.git", "git@h:r.git", ""),
        ("github.com/a/b", "github.com/a/b", ""),
        ("https://h/context.tar.gz", "https://h/context.tar.gz", ""),
    ],
)
def test_contexts(line: str, context: str, file: str) -> None:
    """A context is a folder of the workspace, or the URL of a repository or tarball."""
    work = build(line)
    assert (work.context, work.file, work.pull) == (context, file, False)


def test_a_context_starts_at_the_working_directory() -> None:
    """Paths of a build start at its working directory, and may go up inside the workspace."""
    task = read(
        "steps:\n  - build: .. -f ../D\n    workingDirectory: a/b\n"
        "    cache: Enabled\n    cpus: 2\n"
        "  - {build: ., cache: disabled}\n"
    )
    first = task.steps[0].work
    assert isinstance(first, BuildLine)
    assert (first.context, first.file) == ("..", "../D")
    assert [step.cache for step in task.steps] == [True, False]
    assert task.steps[0].cpus == 2.0


def test_a_build_reads_secrets_from_its_volumes() -> None:
    """A build secret may be a file of a volume that is mounted for the step."""
    task = read(
        "volumes: [{name: keys, secret: {a: aGk=}}]\nsteps:\n"
        "  - build: --secret id=a,src=/run/keys/a .\n"
        "    volumeMounts: [{name: keys, mountPath: /run/keys}]\n"
    )
    work = task.steps[0].work
    assert isinstance(work, BuildLine)
    assert work.secrets == (BuildSecret("a", path="/run/keys/a"),)


def test_every_option_of_a_cmd_line() -> None:
    """Each option before the image is kept; what follows the image is its arguments, untouched."""
    task = read(
        """volumes: [{name: keys, secret: {a: aGk=}}]
steps:
  - cmd: >-
      -dit --rm -e A=1 --env B -v keys:/keys:ro -v /var/run/docker.sock:/var/run/docker.sock
      -w sub -u 1:2 -p 8080:80 --publish 81 --expose 90 --entrypoint /bin/sh --net host --name web
      --network-alias www --privileged --read-only --init -m 64m --cpus 0.5 --cap-add NET_ADMIN
      --cap-drop ALL --tmpfs /run --dns 1.1.1.1 --add-host h:host-gateway -h box -l a=b
      --shm-size 1g --pull always --restart no
      busybox:1 sh -c 'echo "$A"' -e --rm "two  words" a\\ b
"""
    )
    assert run_line(task.steps[0]) == RunLine(
        "busybox:1",
        ("sh", "-c", 'echo "$A"', "-e", "--rm", "two  words", "a b"),
        (("A", "1"), ("B", None)),
        ("keys:/keys:ro", "/var/run/docker.sock:/var/run/docker.sock"),
        ("8080:80", "81"),
        ("90",),
        "/bin/sh",
        "1:2",
        "/workspace/sub",
        "host",
        "box",
        detach=True,
        privileged=True,
        read_only=True,
        init=True,
        pull=True,
        hosts=("h:host-gateway",),
        labels=(("a", "b"),),
        capabilities=("NET_ADMIN",),
        dropped=("ALL",),
        tmpfs=("/run",),
        dns=("1.1.1.1",),
        memory=64 * 2**20,
        shm_size=2**30,
        cpus=0.5,
        aliases=("web", "www"),
    )


def test_ranges_of_ports() -> None:
    """A range of ports is each of its ports, in a line and in the step."""
    task = read(
        'steps:\n  - {cmd: "-p [::1]:80-81:90-91/udp --expose=7-8 busybox", '
        'ports: ["1-2", "0:3"], expose: [4-5/tcp]}\n'
    )
    line = run_line(task.steps[0])
    assert line.ports == ("[::1]:80:90/udp", "[::1]:81:91/udp")
    assert line.expose == ("7", "8")
    assert task.steps[0].ports == ("1", "2", "0:3")
    assert task.steps[0].expose == ("4/tcp", "5/tcp")


@pytest.mark.parametrize("written", ["1-101", "2-1", "1-3:1-2", "8000-8010:80", "0-3"])
def test_what_is_no_range_of_ports(written: str) -> None:
    """A range is upwards, of at most a hundred ports, and as long inside as outside."""
    with pytest.raises(LineError, match="is not a port"):
        read_run(f"-p {written} busybox", Workplace(), {})


@pytest.mark.parametrize(("written", "cores"), [("2", 2.0), ("1.5", 1.5), (".25", 0.25)])
def test_cores(written: str, cores: float) -> None:
    """A limit of cores is written as for `docker run`."""
    assert run(f"--cpus {written} busybox").cpus == cores


def test_aliases_where_the_dot_is_another() -> None:
    """An alias of the run means the run inside of `range` and `with` too."""
    task = read(
        "version: v1.1.0\nsteps:\n{{ range list 1 2 }}\n  - cmd: busybox $ID {{ . }}\n{{ end }}"
    )
    assert [run_line(step).args for step in task.steps] == [("r7", "1"), ("r7", "2")]


def test_an_empty_entrypoint_is_none() -> None:
    """`--entrypoint ""` takes the image's entrypoint away, which is not the same as leaving it."""
    assert run("""--entrypoint "" busybox""").entrypoint == ""
    assert run("busybox").entrypoint is None


def test_one_image_by_its_short_name() -> None:
    """An image is pushed to the run's registry, and a build of its short name has both names."""
    task = read(
        """steps:
  - build: -t app:1 -t tests .
  - cmd: app:1
  - push: [app:1, "reg.example.com/app:1", other.io/app, library/x, localhost/y:2]
"""
    )
    work = task.steps[0].work
    assert isinstance(work, BuildLine)
    assert work.tags == ("app:1", "tests:latest", "reg.example.com/app:1")
    assert task.steps[2].kind == "push"
    assert task.steps[2].work == (
        "reg.example.com/app:1",
        "other.io/app:latest",
        "library/x:latest",
        "localhost/y:2",
    )


def test_without_a_registry_names_stay() -> None:
    """Without a registry of the run an image is pushed by the name that is written."""
    task = read("steps: [{push: [app, app:latest]}]\n", Given(RunFacts("r1")))
    assert task.steps[0].work == ("app:latest",)


def test_aliases() -> None:
    """`$name` is the run's value or an alias, `$$` a `$`, and an unknown name stays."""
    task = read(
        """version: v1.1.0
# $ID of a comment
alias:
  values: {repo: shop, number: 1, Branch: mine}
  src: [one.yaml, "https://h/two.yaml"]
steps:
  - build: -t $Registry/$repo/$one$two:$ID .
  - cmd: busybox echo $Commit $Branch $$ID $unknown $(date) $number $RegistryName-$Date $OS
""",
        files={
            "one.yaml": "repo: no\none: a\ntwo: no\n",
            "https://h/two.yaml": "two: b\n",
        },
    )
    work = task.steps[0].work
    assert isinstance(work, BuildLine)
    assert work.tags == ("reg.example.com/shop/ab:r7",)
    assert " ".join(run_line(task.steps[1]).args) == (
        "echo abc mine $ID $unknown $(date) 1 reg-20260131-235959z linux"
    )
    assert [step.line for step in task.steps] == [7, 8]


def test_another_directive() -> None:
    """The character before an alias can be another one; `$` is then nothing special."""
    task = read(
        "version: v1.1.0\nalias: {directive: '&', values: {a: b}}\n"
        "steps:\n  - cmd: busybox &a $ID &ID &&x\n"
    )
    assert run_line(task.steps[0]).args == ("b", "$ID", "r7", "&x")


def test_aliases_of_images() -> None:
    """From v1.1.0 on the first word of `cmd` may be the alias of an image, Azure's or a new one."""
    text = "alias: {values: {tool: busybox:1, az: my/az}}\nsteps:\n" + "".join(
        f"  - cmd: {name} x\n" for name in ("bash", "acr", "curl", "cssc", "tool", "az", "bash:3")
    )
    task = read(f"version: v1.1.0\n{text}")
    assert [run_line(step).image for step in task.steps] == [
        *(IMAGES[name] for name in ("bash", "acr", "curl", "cssc")),
        "busybox:1",
        "my/az",
        "bash:3",
    ]


def test_an_alias_may_be_several_words() -> None:
    """An alias at the start of `cmd` may hold options and arguments; it is not replaced twice."""
    task = read(
        """version: v1.1.0
alias: {values: {hello: "-e A=1 busybox echo 'a b'", one: two, two: three}}
steps:
  - cmd: hello c
  - cmd: one
  - cmd: --rm one
"""
    )
    assert run_line(task.steps[0]) == RunLine("busybox", ("echo", "a b", "c"), (("A", "1"),))
    assert [run_line(step).image for step in task.steps[1:]] == ["two", "two"]


def test_no_aliases_before_v1_1_0() -> None:
    """In older versions a `$` is itself, and `bash` the image of that name."""
    task = read("version: v1.0.0\nsteps:\n  - cmd: bash echo $ID\n")
    assert run_line(task.steps[0]) == RunLine("bash", ("echo", "$ID"))


def test_templates_see_run_values_and_secrets() -> None:
    """Templates are rendered with the run, the values and the secrets."""
    given = Given(FACTS, {"name": "shop", "key": Secret("k")}, {"npm": Secret("hunter2")})
    task = read(
        "secrets: [{id: npm}]\nsteps:\n"
        "  - cmd: busybox {{.Run.Registry}}/{{.Values.name}}:{{.Run.ID}} {{.Build.ID}}\n"
        "    env: ['T={{.Secrets.npm}}', 'K={{ .Values.key }}']\n",
        given,
    )
    assert run_line(task.steps[0]).args == ("reg.example.com/shop:r7", "r7")
    assert task.steps[0].env == {"T": "hunter2", "K": "k"}


def test_anchors_and_merge_keys() -> None:
    """YAML's anchors and merge keys work in task files."""
    task = read("steps:\n  - &a {id: a, cmd: busybox, retries: 2}\n  - {<<: *a, id: b}\n")
    assert [(step.id, step.retries) for step in task.steps] == [("a", 2), ("b", 2)]
