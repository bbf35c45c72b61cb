"""Whatever a mirror does, a data set is whole or absent, and each fault has its sentence."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from helpers.datasets import tiny_contents, tiny_dataset, tiny_files
from helpers.downloads import FIRST, FLIPPED, PATIENCE, check_whole, get, register
from helpers.mirrors import (
    Act,
    Mirror,
    babble,
    cut_silently,
    fall_silent,
    flood,
    hang_up,
    other,
    page,
    serve,
    serve_at_most,
    serve_mirror,
    status,
    trickle,
)
from limner.data.datasets.labelled import load_labelled
from limner.data.datasets.storage import find_stored
from limner.data.datasets.transfer import Patience
from limner.errors import LimnerError
from limner.lock import folder_lock

IMPATIENCE = Patience(silence=0.5, min_rate=1000, window=0.3, tries=2, pause=0.01)
"""For servers that are too slow. A busy machine may be so too, so the others get their time."""

FAULTS: dict[str, tuple[Act, str]] = {
    "not found": (status(404), "it does not have the file (404)"),
    "gone": (status(410), "it has the file no more (410)"),
    "forbidden": (status(403), "it refuses to give the file (403)"),
    "too many": (status(429), "it has had too many requests (429)"),
    "its own fault": (status(503), "it has a fault of its own (503)"),
    "odd status": (status(418), "it answered 418"),
    "nothing to send": (status(204), "it answered 204"),
    "unasked range": (status(206), "it answered 206"),
    "truncated": (serve_at_most(5000), "it broke off after 10 kB of 38 kB"),
    "truncated without a length": (cut_silently(5000), "it sent a wrong file: it ends too early"),
    "empty": (other(b""), "it sent a wrong file: it unpacks to 0 bytes instead of 38,416"),
    "wrong bytes": (other(FLIPPED), "it sent a wrong file: its bytes are others (sha256 "),
    "longer inside": (
        other(gzip.compress(bytes(1 << 20))),
        "it sent a wrong file: it unpacks to more than 38,416 bytes",
    ),
    "no gzip": (other(b"\x1f\x8bnonsense"), "it sent a wrong file: it is no intact archive"),
    "web page": (page("text/html; charset=utf-8"), "it sent a web page in place of the file"),
    "web page as data": (page("application/gzip"), "it sent a web page in place of the file"),
    "redirect elsewhere": (
        status(302, Location="http://localhost:1/login"),
        "it leads elsewhere, to http://localhost:1, which is not followed",
    ),
    "hangs up": (hang_up, "it broke off the connection"),
    "no HTTP": (babble, "it does not speak HTTP"),
    "silent": (fall_silent, "it was silent for 0.5 seconds"),
    "slow": (trickle, "it is too slow: "),
    "floods": (flood, "it sent more than 1,087 kB, and the file is smaller"),
    "announces too much": (
        status(200, Content_Length=str(1 << 40)),
        "its file has 1,099,512 MB, more than",
    ),
}


def patience_for(fault: str) -> Patience:
    return IMPATIENCE if fault in {"silent", "slow"} else PATIENCE


def test_a_set_is_fetched_whole(mirror: Mirror, tmp_path: Path) -> None:
    get(tmp_path)
    check_whole(tmp_path)
    assert len(mirror.requests) == 4
    assert all(headers["User-Agent"].startswith("limner/") for _, headers in mirror.requests)
    stored = find_stored("tiny", tmp_path)
    assert stored is not None and stored.about.source[0] == f"{mirror.url}{FIRST}"


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_a_sentence_and_leaves_no_set(fault: str, mirror: Mirror, tmp_path: Path) -> None:
    act, sentence = FAULTS[fault]
    mirror.script = [act, act]
    with pytest.raises(LimnerError) as raised:
        get(tmp_path, patience_for(fault))
    assert f"{FIRST} of Tiny could not be fetched. 127.0.0.1: {sentence}" in str(raised.value)
    assert str(raised.value).endswith("`limner data tiny --from FOLDER`.")
    assert find_stored("tiny", tmp_path) is None
    assert not (tmp_path / "downloads" / "tiny" / FIRST).exists()
    mirror.script = []
    get(tmp_path)
    check_whole(tmp_path)


@pytest.mark.parametrize("fault", FAULTS)
def test_after_each_fault_the_next_mirror_is_asked(
    fault: str, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_mirror(tiny_files()) as second:
        register(monkeypatch, tiny_dataset(mirror.url, second.url))
        mirror.script = [FAULTS[fault][0]] * 2
        get(tmp_path, patience_for(fault))
        check_whole(tmp_path)
        assert "Range" not in second.asked(FIRST)[0]


def test_a_mirror_that_is_down(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_mirror({}) as gone:
        pass
    register(monkeypatch, tiny_dataset(gone.url))
    with pytest.raises(LimnerError, match=r"127\.0\.0\.1: it is down: it refused the connection\. Run"):
        get(tmp_path)
    register(monkeypatch, tiny_dataset(gone.url, mirror.url))
    get(tmp_path)
    check_whole(tmp_path)


@pytest.mark.usefixtures("mirror")
def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 6761: no resolver knows a name that ends with `.invalid`.
    register(monkeypatch, tiny_dataset("https://one.invalid/", "https://two.invalid/"))
    with pytest.raises(LimnerError) as raised:
        get(tmp_path)
    assert str(raised.value).startswith(
        "This machine seems to have no network: train-images.gz of Tiny could"
    )
    assert "one.invalid: its name was not found; two.invalid: its name was not found." in str(raised.value)


def test_a_passing_fault_is_tried_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [status(503)]
    get(tmp_path)
    check_whole(tmp_path)
    assert len(mirror.asked(FIRST)) == 2


def test_a_lasting_fault_is_not(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    assert len(mirror.asked(FIRST)) == 1


def test_a_redirect_within_the_host_is_followed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [status(301, Location=f"/moved/{FIRST}")]
    get(tmp_path)
    check_whole(tmp_path)


def test_a_copy_that_was_packed_again_is_accepted(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files[FIRST] = gzip.compress(tiny_contents()["train-images"], 1, mtime=1)
    get(tmp_path)
    check_whole(tmp_path)


def test_where_only_the_packed_sum_is_known_it_is_not(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, tiny_dataset(mirror.url, packed=True))
    get(tmp_path)
    check_whole(tmp_path)
    mirror.files[FIRST] = gzip.compress(tiny_contents()["train-images"], 1, mtime=1)
    with pytest.raises(LimnerError, match="its bytes are others"):
        get(tmp_path)
    assert find_stored("tiny", tmp_path) is not None


def test_an_earlier_set_outlives_a_download_that_fails(mirror: Mirror, tmp_path: Path) -> None:
    get(tmp_path)
    mirror.script = [serve, serve, serve, status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    load_labelled("tiny", tmp_path)  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.usefixtures("mirror")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def open_full(self: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        return opened(Path("/dev/full") if mode == "ab" else self, mode, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_full)
        with pytest.raises(
            LimnerError, match=r"train-images\.gz\.part cannot be written: the disk is full"
        ):
            get(tmp_path)
    get(tmp_path)
    check_whole(tmp_path)


@pytest.mark.usefixtures("mirror")
def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs a system with limits on processes")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(LimnerError, match="cannot be written: the file grew beyond the size"):
            get(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    get(tmp_path)
    check_whole(tmp_path)


@pytest.mark.usefixtures("mirror")
def test_two_processes_do_not_fetch_the_same_set(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path / "downloads" / "tiny", "written"),
        pytest.raises(LimnerError, match="is being written by process"),
    ):
        get(tmp_path)
