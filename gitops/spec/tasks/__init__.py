"""Multi-step task files in the format of Azure Container Registry, read into tasks.

Format: https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml
"""

from __future__ import annotations

from gitops.spec.tasks.given import IN_SPEC, Fetch, FetchError, Given, TaskText
from gitops.spec.tasks.order import ordered
from gitops.spec.tasks.read import read_task, rendered, secrets_needed

__all__ = [
    "IN_SPEC",
    "Fetch",
    "FetchError",
    "Given",
    "TaskText",
    "ordered",
    "read_task",
    "rendered",
    "secrets_needed",
]
