"""One request for one file over HTTP: what arrives is appended to a partial file, and each fault has a
sentence.

An interrupted transfer goes on from where it stopped (RFC 9110, 14: Range, If-Range, Content-Range).
Beside the partial file a small JSON says which version of the file it is a part of; a file that has
changed since is fetched anew.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from limner import __version__
from limner.data.datasets.faults import TransferError, network_faults, status_fault
from limner.display import readable_size
from limner.errors import LimnerError, first_line
from limner.files import REASONS, atomic_write
from limner.reading import read_json

CHUNK = 1 << 16
"""Most bytes that are read and written at once."""

PAGE = (b"<!doctype html", b"<html")
"""How a web page begins, in lower case."""

Show = Callable[[int, int], None]
"""Called with the bytes that are there and their total; the total may be an estimate."""


@dataclass(frozen=True)
class Patience:
    """How long is waited for a server."""

    silence: float = 20
    """Seconds without a byte, and seconds until it answers."""
    min_rate: float = 2000
    """Bytes a second, over `window`: a server that is slower is given up."""
    window: float = 30
    """Seconds."""
    tries: int = 3
    """At each mirror, without any new bytes."""
    pause: float = 1
    """Seconds before the second try. They double with each."""


@dataclass(frozen=True)
class Version:
    """Which version of a file a partial file is of."""

    url: str
    etag: str = ""
    modified: str = ""
    total: int = 0
    """Bytes of the whole file; 0 where the server did not say."""

    @property
    def validator(self) -> str:
        """What If-Range takes: a strong ETag, or a date."""
        return self.etag if self.etag.startswith('"') else self.modified


def receive(url: str, part: Path, max_bytes: int, patience: Patience, show: Show) -> bool:
    """Fetch the file at `url` into `part`, or the rest of it; returns whether a part was there before.

    At the end `part` is as long as the server said; what it holds is not checked here. Raises
    TransferError with the reason where the server fails; what has arrived is kept. Raises LimnerError
    where `part` cannot be written.
    """
    version, offset = _read_part(url, part)
    if version is not None and offset and offset == version.total:
        return True
    with _open(url, version, offset, patience) as response:
        if offset and not _continues(response, version, offset):
            offset = 0
            if response.status != http.client.OK:
                discard(part)
                raise TransferError("it has changed the file since", may_pass=True)
        if not offset and response.status != http.client.OK:
            raise status_fault(response.status)
        etag, modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
        total = offset + response.length if response.length else 0
        if total > max_bytes:
            raise TransferError(f"its file has {readable_size(total)}, more than this set's can have")
        chunks = _read_chunks(response, patience)
        first = next(chunks, b"")
        is_page = "text/html" in response.headers.get("Content-Type", "").lower()
        if is_page or (not offset and first.lstrip()[: len(PAGE[0])].lower().startswith(PAGE)):
            raise TransferError(
                "it sent a web page in place of the file: a login page of the network, perhaps"
            )
        if not offset:
            _begin(part, Version(url, etag, modified, total))
        _append(part, chain([first], chunks), max_bytes, lambda done: show(done, total or max_bytes))
    if _size(part) < total:
        raise TransferError(
            f"it broke off after {readable_size(_size(part))} of {readable_size(total)}", may_pass=True
        )
    return offset > 0


def discard(path: Path) -> None:
    """Delete a file, whole or in part, and its record."""
    path.unlink(missing_ok=True)
    _record_of(path).unlink(missing_ok=True)


def finish(part: Path, target: Path) -> None:
    """Give a whole file its name, and its record too."""
    with _disk_faults(target):
        _record_of(part).replace(_record_of(target))
        part.replace(target)


def url_of(path: Path) -> str:
    """Which address a file is from, whole or in part; empty where there is none, or nobody knows."""
    version = _read_version(path)
    return version.url if version is not None and path.exists() else ""


def host_of(url: str) -> str:
    """The host that people know a mirror by."""
    return urlsplit(url).hostname or url


def _read_part(url: str, part: Path) -> tuple[Version | None, int]:
    """The version and length of the partial file; (None, 0) unless it is of this address."""
    version = _read_version(part)
    if version is None or version.url != url or not part.is_file():
        return None, 0
    size = _size(part)
    is_possible = (version.validator or version.total) and not (version.total and size > version.total)
    return (version, size) if is_possible else (None, 0)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _read_version(part: Path) -> Version | None:
    try:
        about = read_json(_record_of(part))
        version = Version(**about)
    except (OSError, ValueError, TypeError):
        return None
    is_sound = all(isinstance(text, str) for text in (version.url, version.etag, version.modified))
    return version if is_sound and isinstance(version.total, int) else None


def _record_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


@contextmanager
def _open(
    url: str, version: Version | None, offset: int, patience: Patience
) -> Iterator[http.client.HTTPResponse]:
    """The answer, of status 200, 206 or 416."""
    # A server may pack what it sends once more, unless it is told not to.
    headers = {"User-Agent": f"limner/{__version__}", "Accept-Encoding": "identity"}
    if version is not None and offset:
        headers["Range"] = f"bytes={offset}-"
        if version.validator:
            headers["If-Range"] = version.validator
    opener = urllib.request.build_opener(_SameHost())
    with network_faults(patience.silence):
        request = urllib.request.Request(url, headers=headers)
        try:
            response = opener.open(request, timeout=patience.silence)
        except urllib.error.HTTPError as error:
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            response = error
        with response:
            yield response


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within a host only: any other leads to a login page, or to a stranger."""

    def redirect_request(self, req: urllib.request.Request, *rest: Any) -> Any:
        """The request that follows; raises TransferError where it would go to another host."""
        old, new = urlsplit(req.full_url), urlsplit(rest[-1])
        is_downgrade = old.scheme == "https" and new.scheme != "https"
        if not _are_related(old.hostname or "", new.hostname or "") or is_downgrade:
            raise TransferError(
                f"it leads elsewhere, to {new.scheme}://{new.netloc}, which is not followed"
            )
        return super().redirect_request(req, *rest)


def _are_related(first: str, second: str) -> bool:
    """Whether two hosts are the same, but for a `www.`."""
    return first.removeprefix("www.") == second.removeprefix("www.")


def _continues(response: http.client.HTTPResponse, version: Version | None, offset: int) -> bool:
    """Whether this answer goes on where the partial file ends, in the same version of the file."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if version is None or response.status != http.client.PARTIAL_CONTENT or span is None:
        return False
    total = 0 if span[2] == "*" else int(span[2])
    etag = response.headers.get("ETag", "")
    return (
        int(span[1]) == offset
        and (not total or not version.total or total == version.total)
        and (not etag or not version.etag or etag == version.etag)
    )


def _read_chunks(response: http.client.HTTPResponse, patience: Patience) -> Iterator[bytes]:
    """What arrives, as it arrives. Raises TransferError where it stops, or is too slow."""
    start, received = time.monotonic(), 0
    while True:
        with network_faults(patience.silence):
            chunk = response.read1(CHUNK)
        if not chunk:
            return
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - start
        if elapsed >= patience.window:
            if received < patience.min_rate * elapsed:
                raise TransferError(
                    f"it is too slow: {readable_size(received)} in {elapsed:.0f} seconds", may_pass=True
                )
            start, received = time.monotonic(), 0


def _append(part: Path, chunks: Iterable[bytes], max_bytes: int, show: Callable[[int], None]) -> None:
    """Append the chunks to the partial file. Raises TransferError where they are more than `max_bytes`."""
    with _disk_faults(part), part.open("ab") as file:
        size = _size(part)
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                break
            file.write(chunk)
            show(size)
        else:
            return
    discard(part)
    raise TransferError(f"it sent more than {readable_size(max_bytes)}, and the file is smaller")


def _begin(part: Path, version: Version) -> None:
    """An empty partial file of this version."""
    discard(part)
    with _disk_faults(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    atomic_write(_record_of(part), json.dumps(asdict(version)))


@contextmanager
def _disk_faults(part: Path) -> Iterator[None]:
    """Turn an OSError of the disk into a LimnerError."""
    try:
        yield
    except OSError as error:
        reason = REASONS.get(error.errno or 0, error.strerror or first_line(error))
        raise LimnerError(f"{part} cannot be written: {reason}.") from error
