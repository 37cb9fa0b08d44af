"""Go's text/template with the Sprig functions, as Azure's task files use them.

Pure: no files, no clock, no randomness. The language is https://pkg.go.dev/text/template and the
functions are those of https://masterminds.github.io/sprig/. One rule is stricter than Go's: a key
that is not given is never rendered as nothing; it is a fault with its line and column.
"""

from __future__ import annotations

from gitops.spec.gotemplate.faults import TemplateFault
from gitops.spec.gotemplate.render import render

__all__ = ["TemplateFault", "render"]
