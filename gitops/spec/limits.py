"""How much a file may hold, so that a hostile one is refused in bounded time and memory."""

from __future__ import annotations

FILE_BYTES = 10 * 1024 * 1024
"""Bytes of one file, checked before it is read; also characters of one rendered template."""

DEPTH = 100
"""Levels of nesting. libyaml's composer calls itself a level, on the C stack, without a check of
its own: at some 20,000 levels it would end the process with a segmentation fault."""

DOCUMENT_NODES = 100_000
"""Values of one document, each use of an alias counted anew: nodes take some 600 bytes each."""

FILE_NODES = 1_000_000
"""Values of one file, each use of an alias counted anew."""

FILE_DOCUMENTS = 100_000
"""Documents of one file, those of other tools included."""

PROBLEMS = 100
"""Findings of one document, and passed-over documents of one file, that are told."""

EXPLAINED = 1_000
"""Documents of one load that are explained at a millisecond each, and names that get a hint."""

FILES_BYTES = 256 * 1024
"""Bytes of all `files` of one app: they are kept with each of its revisions."""

PAGE_BYTES = 8 * 1024
"""Bytes of a page of maintenance: a gateway holds a whole answer of its own in one buffer."""
