"""How git reaches a remote: a clean environment, and credentials that stand in no argument."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.own_folders import own_folder
from gitops.drivers.redact import Redactor
from gitops.model.resources import Credentials, GitSource, SshKey
from gitops.model.secret import Secret, Secrets

PROTOCOLS = "https:http:ssh:git:file"
"""What may be spoken (GIT_ALLOW_PROTOCOL): `ext::`, which runs a command, is not among them."""

CONFIG = """\
# Written by gitops; used in place of the system's and the user's configuration, so that the same
# spec reads the same commits on every machine.
[safe]
\tdirectory = *
[credential]
\thelper =
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol]
\tversion = 2
[core]
	bigFileThreshold = 32m
# What is fetched is there all at once, as a pack: nobody who looks meanwhile sees half of it.
[fetch]
\tunpackLimit = 1
[http]
\tlowSpeedLimit = 1
\tlowSpeedTime = 60
"""

# A redirect may lead to another host, or from https to http: it asks for a password too, and gets
# none. The prompt ends with the address, behind a user name that the redirect may have chosen.
ASKPASS = """\
#!/bin/sh
case "$1" in
*" '$GITOPS_GIT_SCHEME://"*) ;;
*" 'https://"*) ;;
*) exit 1 ;;
esac
case "$1" in
*"://$GITOPS_GIT_HOST': "|*"@$GITOPS_GIT_HOST': ") ;;
*) exit 1 ;;
esac
case "$1" in
Username*) printf '%s\\n' "$GITOPS_GIT_USERNAME" ;;
*) printf '%s\\n' "$GITOPS_GIT_PASSWORD" ;;
esac
"""


class Login(NamedTuple):
    """What a remote is told: a user name and password, or a private key with trusted host keys."""

    username: str = ""
    password: Secret | None = None
    key: Secret | None = None
    known_hosts: str = ""


class Remote(NamedTuple):
    """A repository, without a password in its address."""

    url: str
    login: Login

    @property
    def host(self) -> str:
        """`host[:port]`, or an empty string for a path."""
        url = f"ssh://{self.url.replace(':', '/', 1)}" if self._scp else self.url
        return urlsplit(url).netloc.rpartition("@")[2]

    @property
    def scheme(self) -> str:
        """How it is reached: `https`, `ssh` (also for `user@host:path`), `file` for a path."""
        if self._scp:
            return "ssh"
        return self.url.partition("://")[0] if "://" in self.url else "file"

    @property
    def local(self) -> bool:
        """Whether it lies on this machine: git leaves the host of `file://host/path` out."""
        return self.scheme == "file" or not self.host

    @property
    def _scp(self) -> bool:
        return "://" not in self.url and ":" in self.url.split("/")[0]

    @property
    def redact(self) -> Redactor:
        """What takes its secrets out of a text."""
        return Redactor(secret for secret in (self.login.password, self.login.key) if secret)


def remote_of(source: GitSource, secrets: Secrets) -> Remote:
    """Return the repository of a source, with its credentials.

    Raises DENIED when a secret could not be read, INVALID for an address that is none.
    """
    plain = split_url(source.url)
    match source.credentials:
        case Credentials(username, reference):
            login = Login(username=username, password=_value(secrets, reference, plain.url))
        case SshKey(reference, known_hosts):
            login = Login(key=_value(secrets, reference, plain.url), known_hosts=known_hosts)
        case None:
            return plain
    return Remote(plain.url, login)


_ODD = re.compile(r"^-|^[\w+.-]*::|[\x00-\x1f\x7f]")
"""An option of git, a helper program (`ext::`), a line end, which credentials are told in."""


def split_url(url: str) -> Remote:
    """Take the password out of an address, so that it reaches neither arguments nor messages."""
    if _ODD.search(url) or not _host_is_one(url):
        raise DriverError(
            ErrorKind.INVALID, f"{url!r} is not a git address", "write https://, ssh:// or a path"
        )
    parts = urlsplit(url)
    user, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    if not colon or not parts.scheme:
        return Remote(url, Login())
    host = parts.netloc.rpartition("@")[2]
    return Remote(
        urlunsplit(parts._replace(netloc=host)), Login(unquote(user), Secret(unquote(password)))
    )


def _host_is_one(url: str) -> bool:
    try:
        return not Remote(url, Login()).host.startswith("-")  # an option of ssh
    except ValueError:  # what urlsplit raises for half an IPv6 address
        return False


def _value(secrets: Secrets, reference: object, url: str) -> Secret:
    for known, secret in secrets.items():
        if known == reference:
            return secret
    raise DriverError(
        ErrorKind.DENIED, f"no credentials for {url}", f"{reference} could not be read"
    )


@contextmanager
def access(remote: Remote, config: Path) -> Iterator[Mapping[str, str]]:
    """Give the variables that git needs for `remote`; key and script files are gone afterwards."""
    login = remote.login
    plain = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_ASKPASS": "",
        "GIT_SSH_COMMAND": _ssh([]),
        "GIT_SSH_VARIANT": "ssh",
    }
    if login == Login():
        yield plain
        return
    with own_folder("git") as folder:
        if login.password is not None:
            yield {**plain, **_password(remote, login.password, folder)}
        elif login.key is not None:
            yield plain | {"GIT_SSH_COMMAND": _key(login.key, login.known_hosts, folder)}


def _password(remote: Remote, password: Secret, folder: Path) -> Mapping[str, str]:
    script = folder / "askpass"
    _write(script, ASKPASS, 0o700)
    return {
        "GIT_ASKPASS": str(script),
        "GITOPS_GIT_HOST": remote.host,
        "GITOPS_GIT_SCHEME": remote.scheme,
        "GITOPS_GIT_USERNAME": remote.login.username,
        "GITOPS_GIT_PASSWORD": password.reveal(),
    }


def _key(key: Secret, known_hosts: str, folder: Path) -> str:
    file = folder / "key"
    _write(file, key.reveal().rstrip("\n") + "\n", 0o600)  # ssh refuses a key without its line end
    options = ["-i", str(file), "-o", "IdentitiesOnly=yes"]
    if known_hosts:
        hosts = folder / "known_hosts"
        _write(hosts, known_hosts.rstrip("\n") + "\n", 0o600)
        options += ["-o", f"UserKnownHostsFile={hosts}", "-o", "StrictHostKeyChecking=yes"]
    else:
        options += ["-o", "StrictHostKeyChecking=accept-new"]
    return _ssh(options)


def _ssh(options: list[str]) -> str:
    common = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15"]
    return shlex.join(["ssh", *common, *options])


def _write(file: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as stream:
        stream.write(text)
