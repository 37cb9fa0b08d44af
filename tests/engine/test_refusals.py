from __future__ import annotations

import pytest

from gitops.engine.deploys.refusals import recognized

RUNC = "OCI runtime create failed: runc create failed: unable to start container process: "
TOLD = {
    RUNC + 'exec: "nosuch": executable file not found in $PATH: unknown': "no program 'nosuch'",
    RUNC + 'exec: "/etc/passwd": permission denied: unknown': "'/etc/passwd' is not an executable",
    RUNC + 'exec: "/app": stat /app: no such file or directory: unknown': "no program '/app'",
    "exec /entry.sh: no such file or directory": "'/entry.sh'",
    "exec /app: exec format error": "another processor architecture",
    "no matching manifest for linux/arm64/v8 in the manifest list entries": "another processor",
    "pull access denied for shop, repository does not exist or may require": "the login is missing",
    "manifest for shop:9 not found: manifest unknown": "the registry has no such image",
    "No such image: shop:9": "the engine lost the image",
    "network back-office not found": "the network back-office is not there",
    "invalid mount config: bind source path does not exist: /srv/data": "the folder /srv/data",
    "write /var/lib/x: no space left on device": "the disk of the engine's machine is full",
    "Bind for 0.0.0.0:80 failed: port is already allocated": "a port of the machine",
    "unable to find user web: no matching entries in passwd file": "the image has no user web",
}


@pytest.mark.parametrize("detail", TOLD)
def test_refusal_is_explained(detail: str) -> None:
    """What an engine or a registry says is put into plain words, with what to do."""
    found = recognized("container shop-1 could not be started", detail)
    assert found is not None
    assert TOLD[detail] in found.cause
    assert found.todo


def test_ports_to_choose_from() -> None:
    """An image with several ports asks for `spec.port`."""
    found = recognized("the app's port is not known", "shop:1 exposes the ports 80, 443; say in it")
    assert found is not None
    assert found.cause.endswith("its image exposes 80, 443")


def test_unknown_words_are_left() -> None:
    """What is not recognized is not explained away."""
    assert recognized("container x could not be started", "the moon is full") is None
