"""Names of what a run makes on the engine, and of the images that it pushes."""

from __future__ import annotations

from gitops.model.image import DOCKER_HUB, parse_image, registry_of


def container_name(run: str, step: str) -> str:
    """Return the name of a step's container: no two runs of one machine share it."""
    return f"gitops-{run}-{step}"


def own_name(run: str, name: str) -> str:
    """Return the name of a network or volume that a task declares."""
    return f"gitops-{run}-{name}"


def shared_volume(run: str) -> str:
    """Return the volume that is every step's workspace (`{{.Run.SharedVolume}}`).

    The dot keeps it apart from volumes that a task names itself.
    """
    return f"gitops-{run}.workspace"


def home_volume(run: str) -> str:
    """Return the volume that is every step's home."""
    return f"gitops-{run}.home"


def default_network(run: str) -> str:
    """Return the network of steps that name none."""
    return f"gitops-{run}.default"


def filler_name(run: str) -> str:
    """Return the container through which the workspace is filled; it is never started."""
    return f"gitops-{run}.filler"


def keeper_name(run: str) -> str:
    """Return the container through which the workspace is read; it is never started."""
    return f"gitops-{run}.keeper"


def has_registry(image: str) -> bool:
    """Say whether an image's name begins with a registry's host."""
    return registry_of(image.partition("@")[0])[0] != DOCKER_HUB or image.startswith(
        f"{DOCKER_HUB}/"
    )


def pushed_name(image: str, registry: str) -> str:
    """Return the whole name to push an image under, or nothing where no registry is known."""
    whole = str(parse_image(image))
    if has_registry(whole):
        return whole
    return f"{registry}/{whole}" if registry else ""
