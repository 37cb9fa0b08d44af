"""What a pull request of a stranger may try, and what is said to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SECRET = "s3cret-31415926"
PASSWORD = "pa55word-27182818"
DOCKERFILE = "FROM busybox\nCOPY page.txt /page.txt\n"
MAIN = """version: v1.1.0
steps:
  - id: app
    build: -t $Registry/shop:$ID .
  - id: use
    cmd: busybox sh -c 'test -n "$TOKEN" && test -S /var/run/docker.sock'
    env: ["TOKEN={{.Secrets.token}}"]
  - id: out
    push: ["$Registry/shop:$ID"]
"""


class Try(NamedTuple):
    """What a pull request does. `steps` go before those that make and push its own image.

    `says` is what the run's message or log has to say; `harmless` that the run ends well.
    """

    steps: str
    says: str
    harmless: bool = False
    files: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    head: str = ""


def cmd(line: str, *more: str) -> str:
    """Return a step that runs a command."""
    return "".join((f"  - id: try\n    cmd: {line}\n", *(f"    {one}\n" for one in more)))


def build(line: str) -> str:
    """Return a step that builds an image."""
    return f"  - id: try\n    build: {line}\n"


def push(name: str) -> str:
    """Return steps that build an image and push it."""
    return f"{build(f'-t {name} .')}  - id: up\n    push: ['{name}']\n"


MOUNTED = "FROM busybox\nRUN --mount=type=secret,id=token,required=true cat /run/secrets/token\n"
REACHED = "printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' | nc -w 3 %(registry)s 5000 | grep -q 200"
AT_HOST = (
    "printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' | nc -w 3 "
    "$(ip route | awk '/default/{print $3}') %(port)s | grep -q 200"
)
TRIES: dict[str, Try] = {
    "good": Try("", "", harmless=True),
    # Secrets
    "template": Try(cmd("busybox env", 'env: ["T={{.Secrets.token}}"]'), "token"),
    "build-secret": Try(
        build("--secret id=token -t x:$ID ."), "token", files={"Dockerfile": MOUNTED}
    ),
    "mounted-secret": Try(build("-t x:$ID ."), "token|secret", files={"Dockerfile": MOUNTED}),
    "own-secrets": Try("", "token", head="secrets: [{id: token, keyvault: 'token'}]\n"),
    "host-secret": Try(build("--secret id=t,src=/etc/passwd -t x:$ID ."), "passwd"),
    "variables": Try(
        cmd("busybox sh -c 'env; cat /proc/1/environ; ls -aR $HOME; ! ls -d $HOME/.docker'"),
        "HOME=",
        harmless=True,
    ),
    "ssh-agent": Try(build("--ssh default -t x:$ID ."), "SSH agent"),
    # The engine and its machine
    "socket": Try(cmd("busybox test ! -e /var/run/docker.sock"), "", harmless=True),
    "mounted-socket": Try(
        cmd("-v /var/run/docker.sock:/var/run/docker.sock busybox ls /var/run"), "engine's machine"
    ),
    "mounted-path": Try(cmd("-v /etc:/x busybox ls /x"), "engine's machine"),
    # The name is that of the run's own, empty volume, whatever volume of the engine has it.
    "mounted-volume": Try(
        cmd("-v %(project)s-local:/x busybox sh -c 'echo holds $(ls -A /x | wc -l)'"),
        "holds 0",
        harmless=True,
    ),
    "mount-option": Try(cmd("--mount type=bind,src=/etc,dst=/x busybox ls /x"), "mount"),
    "volumes-from": Try(cmd("--volumes-from %(container)s busybox ls /"), "volumes-from"),
    "privileged-option": Try(cmd("--privileged busybox id"), "privileged"),
    "privileged": Try(cmd("busybox id", "privileged: true"), "privileged"),
    "capabilities": Try(cmd("--cap-add SYS_ADMIN busybox id"), "SYS_ADMIN"),
    "pid": Try(cmd("--pid host busybox ps"), "pid"),
    "device": Try(cmd("--device /dev/sda busybox ls /dev"), "device"),
    "security": Try(cmd("--security-opt seccomp=unconfined busybox id"), "security-opt"),
    "oom-score": Try(cmd("--oom-score-adj=-900 busybox id"), "oom-score-adj"),
    "sysctl": Try(cmd("--sysctl net.ipv4.ip_forward=1 busybox id"), "sysctl"),
    "host-network": Try(cmd("busybox id", "network: host"), "host"),
    "host-network-option": Try(cmd("--network host busybox id"), "host"),
    "host-network-build": Try(build("--network host -t x:$ID ."), "network"),
    "their-network": Try(cmd("--network container:%(container)s busybox id"), "container:"),
    "project-network": Try(
        cmd("busybox id"),
        "may not use the network",
        head="networks: [{name: '%(network)s', skipCreation: true}]\n",
    ),
    "project-network-alone": Try(
        "",
        "may not use the network",
        head="networks: [{name: '%(network)s', skipCreation: true}]\n",
    ),
    "project-network-build": Try(build("--network %(network)s -t x:$ID ."), "network"),
    "registry": Try(cmd(f'busybox sh -c "! {{ {REACHED}; }}"'), "", harmless=True),
    "registry-build": Try(
        build("-t x:$ID ."),
        "",
        files={"Dockerfile": f"FROM busybox\nRUN ! {{ {REACHED}; }}\n"},
        harmless=True,
    ),
    "registry-port-build": Try(
        build("-t x:$ID ."),
        "",
        files={"Dockerfile": f"FROM busybox\nRUN ! {{ {AT_HOST}; }}\n"},
        harmless=True,
    ),
    # What other builds share
    "proxy": Try(build("--build-arg HTTP_PROXY=http://127.0.0.1:1 -t x:$ID ."), "HTTP_PROXY"),
    "cache-from": Try(
        build("--cache-from $Registry/shop:latest -t x:$ID ."), "may not use the layers"
    ),
    "frontend": Try(
        build("-t x:$ID ."),
        "syntax",
        files={"Dockerfile": "# syntax=busybox:latest\nFROM busybox\n"},
    ),
    "frontend-arg": Try(build("--build-arg BUILDKIT_SYNTAX=busybox -t x:$ID ."), "BUILDKIT_SYNTAX"),
    "remote-file": Try(
        build("-t x:$ID ."),
        "ADD",
        files={"Dockerfile": "FROM busybox\nADD http://127.0.0.1:1/x /x\n"},
    ),
    "foreign-labels": Try(
        f"{build('-t x:$ID .')}  - cmd: x:$ID true\n",
        "",
        files={
            "Dockerfile": "FROM busybox\nLABEL gitops.project=%(project)s gitops.kind=WebApp "
            "gitops.name=shop gitops.run=r1 gitops.run.project=%(project)s\n"
        },
        harmless=True,
    ),
    "host-port": Try(cmd("busybox true", "ports: ['18080:80']"), "port 18080:80"),
    "host-port-option": Try(cmd("-p 18080:80 busybox true"), "port 18080:80"),
    # Pushes
    "push-latest": Try(push("$Registry/shop:latest"), "may not"),
    "push-run": Try(push("$Registry/shop:$ID"), "may not"),
    "push-other": Try(push("$Registry/other:pr-7"), "may not"),
    "push-fingerprint": Try(push("$Registry/shop:%(fingerprint)s"), "may not"),
    "push-other-pull": Try(push("$Registry/shop:pr-7"), "may not"),
    "push-longer": Try(push("$Registry/shop:pr-%(number)s0"), "may not"),
    "push-elsewhere": Try(push("localhost:1/shop:pr-%(number)s"), "may not"),
    "name-latest": Try(build("-t $Registry/shop:latest ."), "may not name"),
    "name-fingerprint": Try(build("-t $Registry/shop:%(fingerprint)s ."), "may not"),
    "name-base": Try(build("-t %(project)s-base:1 ."), "may not"),
    "cache-to-latest": Try(
        build("--cache-to type=registry,ref=$Registry/shop:latest -t x:$ID ."), "may not push"
    ),
    # The workspace
    "context-above": Try(build("-t x:$ID ../.."), r"\.\."),
    "context-absolute": Try(build("-t x:$ID /etc"), "etc"),
    "context-link": Try(build("-t x:$ID out"), "out", links={"out": "/etc"}),
    "context-link-above": Try(build("-t x:$ID out"), "out", links={"out": "../../.."}),
    "file-absolute": Try(build("-f /etc/passwd -t x:$ID ."), "passwd"),
    "file-above": Try(build("-f ../../etc/passwd -t x:$ID ."), "passwd"),
    "file-link": Try(build("-f recipe -t x:$ID ."), "recipe", links={"recipe": "/etc/passwd"}),
    "context-http": Try(build("-t x:$ID http://127.0.0.1:1/x.git"), "may not build from"),
    "context-file": Try(build("-t x:$ID file:///etc"), "cannot be read by file"),
    "context-ext": Try(build("-t x:$ID ext::sh"), "ext"),
    "context-ssh": Try(build("-t x:$ID git@127.0.0.1:x"), "may not build from"),
}
NUMBERS = {name: 7 + number for number, name in enumerate(TRIES)}
