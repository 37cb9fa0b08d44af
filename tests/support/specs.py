"""Specs that tests of commands use."""

from __future__ import annotations

from pathlib import Path

GOOD = """\
apiVersion: gitops/v1
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: nginx, tag: "1.27"}
"""

BAD = """\
apiVersion: gitops/v1
kind: WebApp
metadata: {name: shop}
spec:
  image: {name: nginx}
  hots: shop.localhost
"""


def written(folder: Path, text: str = GOOD, name: str = "registry.yaml") -> Path:
    """Write a spec file; return its path."""
    path = folder / name
    path.write_text(text)
    return path
