"""`python -m gitops` is the command `gitops`."""

from __future__ import annotations

from gitops.cli.main import main

if __name__ == "__main__":
    main()
