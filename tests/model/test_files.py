from __future__ import annotations

import pytest

from gitops.model.files import files_volume, is_files_volume
from gitops.model.observed import ObservedContainer
from gitops.model.webapp import File

ONE = File("/a", "text")


@pytest.mark.parametrize(
    "other", [File("/b", "text"), File("/a", "texts"), File("/a", "text", 0o555)]
)
def test_every_part_of_a_file_names_the_volume(other: File) -> None:
    """Another path, content or mode makes another volume; the same files make the same."""
    assert files_volume("shop", [ONE]) == files_volume("shop", (File("/a", "text"),))
    assert files_volume("shop", [ONE]) != files_volume("shop", [other])


def test_volumes_of_files_are_known_by_name() -> None:
    """A name that was given for files is known again, and one that a user gave is not."""
    name = files_volume("shop", [ONE])
    assert is_files_volume("shop", name)
    assert not is_files_volume("shop2", name)
    assert not is_files_volume("shop", "shop-files-uploads")
    assert not is_files_volume("shop", name + "0")


@pytest.mark.parametrize(
    ("status", "state", "health"),
    [
        ("Up 5 seconds (healthy)", "running", "healthy"),
        ("Up 2 hours (unhealthy)", "running", "unhealthy"),
        ("Up Less than a second (health: starting)", "running", "starting"),
        ("Up 5 minutes", "running", ""),
        ("Up 5 minutes (Paused)", "paused", ""),
        ("Exited (0) 3 seconds ago", "exited", ""),
        ("Created", "created", ""),
    ],
)
def test_health_is_read_from_the_status(status: str, state: str, health: str) -> None:
    """What a container's HEALTHCHECK says stands in the status that the engine lists."""
    assert ObservedContainer("1", "a", "i", state, status, {}, 0).health == health
