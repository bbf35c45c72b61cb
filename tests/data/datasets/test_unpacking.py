"""Archives of strangers: nothing but the wanted bytes comes out of them, and nothing reaches the disk."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path
from types import MappingProxyType

import pytest

from helpers.datasets import digest, make_tar
from limner.data.datasets.catalog import Content, SourceFile
from limner.data.datasets.unpacking import WrongContentError, unpack
from limner.git_lfs import SIGNATURE

DATA, MORE = bytes(range(256)) * 40, b"the second file"
SOURCE = SourceFile(
    name="set.tar.gz",
    packing="tar.gz",
    bytes=1000,
    urls=(),
    contents=MappingProxyType(
        {
            "set/data.bin": Content(len(DATA), digest(DATA)),
            "set/more.bin": Content(len(MORE), digest(MORE)),
        }
    ),
)
GOOD = {"set/data.bin": DATA, "set/more.bin": MORE}


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def unpack_tar(folder: Path, content: bytes) -> dict[str, bytes]:
    path = folder / "inside" / SOURCE.name
    path.parent.mkdir()
    path.write_bytes(content)
    try:
        return unpack(path, SOURCE)
    finally:
        assert [each.relative_to(folder).as_posix() for each in sorted(folder.rglob("*"))] == [
            "inside",
            f"inside/{SOURCE.name}",
        ]


@pytest.mark.parametrize("prefix", ["", "./"])
def test_the_wanted_files_come_out(prefix: str, tmp_path: Path) -> None:
    members = {f"{prefix}{name}": content for name, content in GOOD.items()}
    assert unpack_tar(tmp_path, make_tar({"set/readme.html": b"<html>", **members})) == GOOD


def test_paths_and_links_that_lead_elsewhere_are_ignored(tmp_path: Path) -> None:
    strangers: dict[str, bytes | tarfile.TarInfo] = {
        "../outside": b"x",
        "/tmp/limner-outside": b"x",
        "link": link("set/link", "/etc/passwd"),
        "hard": link("set/hard", "../../outside", tarfile.LNKTYPE),
        "pipe": link("set/pipe", "", tarfile.FIFOTYPE),
    }
    assert unpack_tar(tmp_path, make_tar({**strangers, **GOOD})) == GOOD


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"set/data.bin": DATA}, "set/more.bin is not in it"),
        (
            {"set/data.bin": link("set/data.bin", "/etc/passwd"), "set/more.bin": MORE},
            "set/data.bin is not",
        ),
        ({"data.bin": DATA, "more.bin": MORE}, "set/data.bin is not in it"),
        ({**GOOD, "set/data.bin": DATA[:-1]}, "it unpacks to 10,239 bytes instead of 10,240"),
        ({**GOOD, "set/data.bin": DATA + b"x"}, "it unpacks to more than 10,240 bytes"),
        ({**GOOD, "set/data.bin": DATA[:-1] + b"x"}, "its bytes are others"),
        ({"set/huge": bytes(8 << 20), **GOOD}, "it unpacks to more than this set has"),
    ],
)
def test_another_archive_is_refused(
    members: dict[str, bytes | tarfile.TarInfo], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongContentError, match=sentence):
        unpack_tar(tmp_path, make_tar(members))


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    good = make_tar(GOOD)
    for number, content in enumerate(
        (
            b"",
            b"no archive",
            good[:20],
            good[:-30],
            good[:60] + bytes(20) + good[80:],
            gzip.compress(b"no tar"),
        )
    ):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(WrongContentError):
            unpack_tar(tmp_path / str(number), content)


@pytest.mark.parametrize("packing", ["gzip", "plain"])
def test_single_files(packing: str, tmp_path: Path) -> None:
    content = Content(len(DATA), digest(DATA))
    source = SourceFile("one.gz", packing, 100, (), MappingProxyType({"one": content}))  # type: ignore[arg-type]
    path = tmp_path / "file"
    path.write_bytes(DATA)
    assert unpack(path, source) == {"one": DATA}
    path.write_bytes(gzip.compress(DATA))
    if packing == "gzip":
        assert unpack(path, source) == {"one": DATA}
    else:
        with pytest.raises(WrongContentError, match="it unpacks to"):
            unpack(path, source)


def test_where_only_the_packed_sum_is_known_the_packed_file_is_needed(tmp_path: Path) -> None:
    packed = gzip.compress(DATA, mtime=0)
    contents = MappingProxyType({"one": Content(len(DATA))})
    source = SourceFile("one.gz", "gzip", len(packed), (), contents, packed_sha256=digest(packed))
    path = tmp_path / "file"
    path.write_bytes(packed)
    assert unpack(path, source) == {"one": DATA}
    path.write_bytes(gzip.compress(DATA, mtime=1))
    with pytest.raises(WrongContentError, match="its bytes are others"):
        unpack(path, source)
    path.write_bytes(DATA)
    with pytest.raises(WrongContentError, match=r"only the packed file can be checked: give one\.gz"):
        unpack(path, source)


def test_a_pointer_of_git_lfs_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(SIGNATURE + b"v1\noid sha256:00\n")
    with pytest.raises(WrongContentError, match="Git LFS's pointer to the file: run `git lfs pull`"):
        unpack(tmp_path / "file", SOURCE)
