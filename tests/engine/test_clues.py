from __future__ import annotations

import pytest

from gitops.engine.deploys.clues import missing_variable

NAMED = {
    "KeyError: 'TOKEN'": "TOKEN",
    "KeyError: 'DATABASE_URL'": "DATABASE_URL",
    "the variable DATABASE_URL is missing": "DATABASE_URL",
    "Error: Environment variable SECRET_KEY is not set": "SECRET_KEY",
    'panic: required env var "API_KEY" not set': "API_KEY",
    "missing required environment variable: PORT": "PORT",
    "Missing environment variables: STRIPE_KEY": "STRIPE_KEY",
    "sh: DB_HOST: parameter not set": "DB_HOST",
    "/start.sh: line 3: DB_HOST: unbound variable": "DB_HOST",
    "env: DATABASE_URL must be set": "DATABASE_URL",
    "DATABASE_URL is required": "DATABASE_URL",
    "error: ${JWT_SECRET} undefined": "JWT_SECRET",
    "TOKEN environment variable is required": "TOKEN",
}


@pytest.mark.parametrize("line", NAMED)
def test_missing_variable_is_named(line: str) -> None:
    """A log that says that a variable is missing gives its name."""
    found = missing_variable(["starting", line, "exit status 1"])
    assert found is not None
    assert (found.name, found.line) == (NAMED[line], line)


@pytest.mark.parametrize(
    "line",
    [
        "FATAL: missing configuration",
        "ERROR not found",
        "LOG_LEVEL set to debug",
        "KeyError: 'name'",
        "GET /MISSING_PAGE 404",
        "variable x is undefined",
        "no such file or directory: APP_HOME/run",
        "listening on port 8000",
        "",
    ],
)
def test_nothing_is_guessed(line: str) -> None:
    """A line that does not say that a variable is missing gives none."""
    assert missing_variable([line]) is None


def test_last_such_line_counts() -> None:
    """Of several lines the last one is quoted: what came before was not the end of it."""
    found = missing_variable(["A_B is missing", "C_D is missing", "bye"])
    assert found is not None
    assert found.name == "C_D"
