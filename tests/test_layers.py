from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_imports_go_down_only(root: Path) -> None:
    """Layers import downwards only, siblings not at all, and deciding touches nothing outside."""
    linter = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run(
        [linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
