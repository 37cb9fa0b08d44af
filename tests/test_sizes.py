from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_MODULE = 300
MAX_FUNCTION = 50
AIM_MODULE = 150
AIM_FUNCTION = 25
LONG_MODULES: dict[str, str] = {}
"""Modules that may be longer, each with its reason. Prefer to cut one in two."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(root: Path) -> list[Path]:
    """Return every Python file of the project that is not a test's data."""
    return sorted(
        path
        for folder in ("gitops", "tests", "benchmarks", "scripts")
        for path in (root / folder).rglob("*.py")
    )


def lines_of(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every function of a file, as `file:line name`, with its length."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{path.name}:{node.lineno} {node.name}", length


def test_no_module_is_long(root: Path) -> None:
    """A module has 300 lines at most, unless the list here says why it has more."""
    sizes = {str(path.relative_to(root)): lines_of(path) for path in modules(root)}
    long = {name: size for name, size in sizes.items() if size > MAX_MODULE}
    assert set(long) <= set(LONG_MODULES), f"over {MAX_MODULE} lines: {long}"
    assert all(LONG_MODULES.values())


def test_no_function_is_long(root: Path) -> None:
    """A function has fewer than 50 lines."""
    long = [
        f"{name}: {length} lines"
        for path in modules(root)
        for name, length in functions(path)
        if length >= MAX_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_most_keep_to_the_aims(
    root: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Three of four modules keep to 150 lines, and nine of ten functions to 25."""
    sizes = [lines_of(path) for path in modules(root)]
    lengths = [length for path in modules(root) for _, length in functions(path)]
    module_share = sum(size <= AIM_MODULE for size in sizes) / len(sizes)
    function_share = sum(length <= AIM_FUNCTION for length in lengths) / len(lengths)
    shares = f"modules {module_share:.0%} of {len(sizes)}, functions {function_share:.0%}"
    record_testsuite_property("within the aims", shares)
    assert module_share >= 0.75, shares
    assert function_share >= 0.9, shares
