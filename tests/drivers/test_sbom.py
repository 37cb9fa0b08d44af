"""Packages found in an image's archive, and the document that lists them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Mapping

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.sbom import Package, document, packages_of
from gitops.model.image import ImageRef

DPKG = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9
Description: libraries
 with a second line

Package: gone
Status: deinstall ok config-files
Version: 1
"""
APK = "C:Q1xx=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:ld.so\n\nP:zlib\nV:1.3-r0\nA:x86_64\n\n"
ROOT = {
    "etc/os-release": 'NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
    "./var/lib/dpkg/status": DPKG,
    "var/lib/dpkg/status.d/base": "Package: base\nVersion: 3\n",
    "var/lib/dpkg/status.d/base.md5sums": "Package: no\nVersion: 3\n",
    "lib/apk/db/installed": APK,
    "usr/lib/python3/Foo_Bar-1.dist-info/METADATA": "Name: Foo_Bar\nVersion: 1.0\n\nx",
    "app/node_modules/left/package.json": '{"name":"left","version":"1.1"}',
    "app/node_modules/@a/b/package.json": '{"name":"@a/b","version":"2.0"}',
    "app/node_modules/bad/package.json": "[" * 9999,
    "app/package.json": '{"name":"own","version":"0"}',
}
FOUND = {
    Package("os", "debian", "12"),
    Package("deb", "libc6", "2.36-9", "amd64"),
    Package("deb", "base", "3"),
    Package("apk", "musl", "1.2.4-r2", "x86_64"),
    Package("apk", "zlib", "1.3-r0", "x86_64"),
    Package("pypi", "foo-bar", "1.0"),
    Package("npm", "left", "1.1"),
    Package("npm", "@a/b", "2.0"),
}


def tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return buffer.getvalue()


def layer(files: Mapping[str, str]) -> bytes:
    return tar({name: text.encode() for name, text in files.items()})


def image(*layers: bytes, engine: int = 20) -> io.BytesIO:
    """Return an archive as engines before or from 25 on write it, the top layer first."""
    names = [
        f"{at}/layer.tar" if engine < 25 else f"blobs/sha256/{at}" for at in range(len(layers))
    ]
    files = dict(reversed([*zip(names, layers, strict=True)]))
    files["blobs/sha256/config"] = b'{"architecture":"amd64"}'
    files["manifest.json"] = json.dumps([{"Config": "c", "Layers": names}]).encode()
    return io.BytesIO(tar(files))


@pytest.mark.parametrize("engine", [20, 25])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_packages_of_every_kind_are_found(engine: int, pack: type[bytes]) -> None:
    """Packages of dpkg, apk, Python and npm are found, in plain and in compressed layers."""
    found = packages_of(image(pack(layer(ROOT)), engine=engine), "it")
    assert set(found) == FOUND
    assert list(found) == sorted(found)


def test_upper_layers_hide_what_is_below() -> None:
    """What an upper layer replaces or removes, or whose folder it empties, does not count."""
    upper = {
        "var/lib/dpkg/status": "Package: libc6\nVersion: 3\nArchitecture: amd64\n",
        "var/lib/dpkg/status.d/.wh.base": "",
        "app/.wh.node_modules": "",
        "lib/apk/.wh..wh..opq": "",
        "lib/apk/db/installed": "P:new\nV:1\n",
    }
    found = set(packages_of(image(layer(ROOT), layer(upper)), "it"))
    assert found == {
        Package("os", "debian", "12"),
        Package("deb", "libc6", "3", "amd64"),
        Package("apk", "new", "1"),
        Package("pypi", "foo-bar", "1.0"),
    }


def test_layer_that_is_there_twice() -> None:
    """A layer that an engine writes as a link to an equal one counts at both places."""
    one, two = layer({"lib/apk/db/installed": APK}), layer({"lib/apk/db/.wh.installed": ""})
    manifest = json.dumps([{"Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}]).encode()
    files = {"a/layer.tar": one, "b/layer.tar": two, "manifest.json": manifest}
    archive = tar(files, {"c/layer.tar": "../a/layer.tar"})
    assert len(packages_of(io.BytesIO(archive), "it")) == 2


@pytest.mark.parametrize("cut", [0, 100, 600, 3000])
def test_broken_archive_is_an_error(cut: int) -> None:
    """An archive that ends early is an error, never a shorter list."""
    whole = image(layer(ROOT)).getvalue()
    with pytest.raises(DriverError, match="it: its archive is broken") as caught:
        packages_of(io.BytesIO(whole[:cut]), "it")
    assert caught.value.kind is ErrorKind.INVALID


def test_memory_does_not_grow_with_the_image() -> None:
    """Of an image with 16 MB in 5,000 files, what is kept is its packages."""
    files = {f"data/{number}": b"x" * 3200 for number in range(5_000)}
    files["lib/apk/db/installed"] = APK.encode()
    archive = image(tar(files))
    tracemalloc.start()
    try:
        assert len(packages_of(archive, "it")) == 2
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_document_lists_the_packages() -> None:
    """The document is CycloneDX 1.5 with a URL for each package, the same for the same input."""
    ref = ImageRef("r.io:5000/team/Shop", "1", "sha256:" + "a" * 64)
    text = document(ref, FOUND, 60)
    found = json.loads(text)
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.5")
    assert found["metadata"]["timestamp"] == "1970-01-01T00:01:00+00:00"
    assert found["metadata"]["component"]["version"] == ref.digest
    assert {each.get("purl") for each in found["components"]} == {
        None,
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
        "pkg:deb/debian/base@3?distro=debian-12",
        "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12",
        "pkg:apk/debian/zlib@1.3-r0?arch=x86_64&distro=debian-12",
        "pkg:pypi/foo-bar@1.0",
        "pkg:npm/left@1.1",
        "pkg:npm/%40a/b@2.0",
    }
    assert document(ref, sorted(FOUND, reverse=True), 60) == text
