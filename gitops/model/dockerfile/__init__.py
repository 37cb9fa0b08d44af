"""Dockerfiles, read without a builder: text comes in, the names of base images go out.

Nothing here builds, looks at a registry or guesses: what the text does not tell is *unknown*.
"""

from __future__ import annotations

from gitops.model.dockerfile.bases import BaseImages, Unknown, base_images, pinned
from gitops.model.dockerfile.stages import secret_stages, stage_names

__all__ = ["BaseImages", "Unknown", "base_images", "pinned", "secret_stages", "stage_names"]
