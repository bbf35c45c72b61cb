"""Unpacking source files into memory, checked: sizes, names and sha256. Nothing is extracted to disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.data.datasets.catalog import Content, SourceFile
from limner.git_lfs import POINTER, REMEDY, SIGNATURE

MAX_REST = 4 << 20
"""Bytes that an archive may hold besides what is wanted: a page of documentation, headers, padding."""

GZIP = b"\x1f\x8b"
"""How a gzipped file begins."""


class WrongContentError(Exception):
    """A source file is not what it should be. The message continues `FILE: `."""


class LimitedReader(io.RawIOBase):
    """Reads another file and fails beyond `limit` bytes: a small archive may unpack to terabytes."""

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        super().__init__()
        self._file = file
        self._left = limit

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer as far as possible; raises WrongContentError beyond the limit."""
        chunk = self._file.read(len(buffer))
        self._left -= len(chunk)
        if self._left < 0:
            raise WrongContentError("it unpacks to more than this set has")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def unpack(path: Path, source: SourceFile) -> dict[str, bytes]:
    """The contents of a source file by name, each of the size and sha256 that the catalog has.

    A gzipped source may also be given unpacked. Raises WrongContentError with the reason otherwise, and
    OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(SIGNATURE))
    if head == SIGNATURE:
        raise WrongContentError(f"it is {POINTER}: {REMEDY}")
    is_packed = head.startswith(GZIP)
    if source.packing == "tar.gz":
        contents = _unpack_tar(path, source)
    else:
        contents = _unpack_single(path, source, is_packed=is_packed)
    for name, content in source.contents.items():
        _check(contents[name], content)
    if any(not content.sha256 for content in source.contents.values()):
        _check_packed(path, source, is_packed=is_packed)
    return contents


def _unpack_single(path: Path, source: SourceFile, *, is_packed: bool) -> dict[str, bytes]:
    name, content = next(iter(source.contents.items()))
    if source.packing == "plain" or not is_packed:
        with path.open("rb") as plain:
            return {name: plain.read(content.bytes + 1)}
    with _damage(), gzip.open(path, "rb") as packed:
        return {name: packed.read(content.bytes + 1)}


def _unpack_tar(path: Path, source: SourceFile) -> dict[str, bytes]:
    contents = {}
    with open_tar(path, sum(content.bytes for content in source.contents.values()) + MAX_REST) as archive:
        for member in archive:
            # Whatever else is in it, links and paths that lead elsewhere too, is never looked at.
            content = source.contents.get(member.name.removeprefix("./"))
            if content is None or not member.isreg():
                continue
            file = archive.extractfile(member)
            assert file is not None  # it is a regular file
            contents[member.name.removeprefix("./")] = file.read(content.bytes + 1)
    if missing := source.contents.keys() - contents.keys():
        raise WrongContentError(f"{min(missing)} is not in it")
    return contents


@contextmanager
def open_tar(path: Path, limit: int) -> Iterator[tarfile.TarFile]:
    """A gzipped tar, to be read from its beginning to its end; at most `limit` bytes are unpacked.

    Raises WrongContentError where it is damaged or longer, OSError where it cannot be read.
    """
    with (
        _damage(),
        gzip.open(path, "rb") as packed,
        io.BufferedReader(LimitedReader(packed, limit)) as limited,  # type: ignore[type-var]
        tarfile.open(fileobj=limited, mode="r|") as archive,
    ):
        yield archive


@contextmanager
def _damage() -> Iterator[None]:
    """Turn what the decoders raise for damaged files into a WrongContentError."""
    try:
        yield
    except EOFError as error:
        raise WrongContentError("it ends too early") from error
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError) as error:
        raise WrongContentError(f"it is no intact archive ({error})") from error


def _check(unpacked: bytes, content: Content) -> None:
    if len(unpacked) < content.bytes:
        raise WrongContentError(f"it unpacks to {len(unpacked):,} bytes instead of {content.bytes:,}")
    if len(unpacked) > content.bytes:
        raise WrongContentError(f"it unpacks to more than {content.bytes:,} bytes")
    if content.sha256:
        _compare(hashlib.sha256(unpacked).hexdigest(), content.sha256)


def _check_packed(path: Path, source: SourceFile, *, is_packed: bool) -> None:
    if not is_packed:
        raise WrongContentError(
            f"only the packed file can be checked: give {source.name} as it was downloaded"
        )
    with path.open("rb") as file:
        _compare(hashlib.file_digest(file, "sha256").hexdigest(), source.packed_sha256)


def _compare(found: str, expected: str) -> None:
    if found != expected:
        raise WrongContentError(
            f"its bytes are others (sha256 {found[:12]}... instead of {expected[:12]}...)"
        )
