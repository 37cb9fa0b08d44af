"""Which builder a change is measured with: the one that gitops would choose, on both sides."""

from __future__ import annotations

import os
from collections.abc import Mapping

from gitops.drivers.builders.buildkit import BuildKit
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.docker_config import Endpoint
from gitops.settings import read_settings


def chosen() -> tuple[str, Mapping[str, str]]:
    """Return the builder's name, and the environment in which bare-deploy uses the same one."""
    settings = read_settings(os.environ, "bench", "bench")
    endpoint = Endpoint(settings.engine, {}, os.environ)
    builder = choose_builder(endpoint, settings.builder, lambda text: text)
    if isinstance(builder, BuildKit):
        build = {"DOCKER_BUILD": " ".join(builder.command), "DOCKER_BUILDKIT": "1"}
        return builder.name, {**build, "DOCKER": builder.command[0]}
    return builder.name, {"DOCKER_BUILD": "docker build", "DOCKER_BUILDKIT": "0"}
