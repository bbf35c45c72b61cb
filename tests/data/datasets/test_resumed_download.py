"""A download that broke off goes on where it stopped, if the file is still the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from helpers.datasets import tiny_dataset, tiny_files
from helpers.downloads import FIRST, FLIPPED, check_whole, get, register
from helpers.mirrors import Mirror, page, serve, serve_at_most, serve_mirror, status, whole
from limner.data.datasets.fetch import fetch
from limner.data.datasets.storage import find_stored
from limner.data.datasets.transfer import Patience
from limner.errors import LimnerError

SIZE = len(tiny_files()[FIRST])


def test_what_broke_off_is_continued(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000)]
    get(tmp_path)
    check_whole(tmp_path)
    first, second = mirror.asked(FIRST)
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == ("bytes=5000-", '"first"')
    assert mirror.sent == sum(map(len, tiny_files().values()))


def test_a_large_file_may_break_off_often(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.data.datasets.download.GAIN", 4000)
    mirror.script = [serve_at_most(5000)] * 7
    get(tmp_path)
    check_whole(tmp_path)
    assert [headers.get("Range", "") for headers in mirror.asked(FIRST)[1:]] == [
        f"bytes={5000 * number}-" for number in range(1, 8)
    ]


def test_too_little_at_a_time_is_given_up(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000)] * 7
    with pytest.raises(LimnerError, match="it broke off after 10 kB of 38 kB"):
        get(tmp_path)


def test_what_ctrl_c_broke_off_is_continued(mirror: Mirror, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        assert (total, what) == (len(tiny_files()[FIRST]), f"Tiny: {FIRST}")
        if done == 5000:
            raise KeyboardInterrupt

    mirror.script = [serve_at_most(5000)]
    with pytest.raises(KeyboardInterrupt):
        get(tmp_path, progress=interrupt)
    assert find_stored("tiny", tmp_path) is None
    get(tmp_path)
    check_whole(tmp_path)
    assert mirror.asked(FIRST)[1]["Range"] == "bytes=5000-"


def test_what_came_whole_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve, status(404)]
    with pytest.raises(LimnerError, match=r"train-labels\.gz of Tiny"):
        get(tmp_path)
    get(tmp_path)
    check_whole(tmp_path)
    assert len(mirror.asked(FIRST)) == 1


def test_a_whole_file_that_was_spoilt_since_is_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve, status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    (tmp_path / "downloads" / "tiny" / FIRST).write_bytes(FLIPPED)
    get(tmp_path)
    check_whole(tmp_path)
    assert len(mirror.asked(FIRST)) == 2


def test_a_file_that_has_changed_is_fetched_anew(mirror: Mirror, tmp_path: Path) -> None:
    right = mirror.files[FIRST]
    mirror.files[FIRST] = FLIPPED
    mirror.script = [serve_at_most(5000), status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    mirror.files[FIRST], mirror.etag = right, '"second"'
    get(tmp_path)
    check_whole(tmp_path)
    assert mirror.asked(FIRST)[2]["If-Range"] == '"first"'


@pytest.mark.parametrize(
    ("span", "etag"),
    [
        ("bytes 5000-9999/10000", '"first"'),  # another size
        (f"bytes 4000-{SIZE - 1}/{SIZE}", '"first"'),  # another place
        (f"bytes 5000-{SIZE - 1}/{SIZE}", '"second"'),  # another version
        ("", '"first"'),
    ],
)
def test_a_range_of_another_file_is_not_appended(
    span: str, etag: str, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.script = [serve_at_most(5000), status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    mirror.script = [status(206, Content_Range=span, ETag=etag)]
    with pytest.raises(LimnerError, match=r"127\.0\.0\.1: it has changed the file since\."):
        fetch("tiny", folder=tmp_path, patience=Patience(tries=1))
    get(tmp_path)
    check_whole(tmp_path)
    assert "Range" not in mirror.asked(FIRST)[-1]


def test_a_range_that_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000), status(416)]
    fetch("tiny", folder=tmp_path, patience=Patience(tries=3, pause=0.01))
    check_whole(tmp_path)
    assert [headers.get("Range") for headers in mirror.asked(FIRST)] == [None, "bytes=5000-", None]


def test_a_server_without_ranges_sends_all_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000), whole]
    get(tmp_path)
    check_whole(tmp_path)
    assert mirror.asked(FIRST)[1]["Range"] == "bytes=5000-"


def test_a_login_page_does_not_replace_what_has_arrived(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000), page("text/html")]
    with pytest.raises(LimnerError, match="web page"):
        get(tmp_path)
    assert (tmp_path / "downloads" / "tiny" / f"{FIRST}.part").stat().st_size == 5000
    get(tmp_path)
    check_whole(tmp_path)
    assert mirror.asked(FIRST)[2]["Range"] == "bytes=5000-"


def test_parts_that_do_not_fit_are_fetched_anew(mirror: Mirror, tmp_path: Path) -> None:
    right = mirror.files[FIRST]
    mirror.files[FIRST] = bytes(len(right))  # under the same ETag
    mirror.script = [serve_at_most(5000), status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    mirror.files[FIRST] = right
    get(tmp_path)
    check_whole(tmp_path)
    assert [headers.get("Range") for headers in mirror.asked(FIRST)[2:]] == ["bytes=5000-", None]


def test_parts_of_two_mirrors_are_not_mixed(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = {name: gzip.compress(gzip.decompress(gz), 1, mtime=9) for name, gz in tiny_files().items()}
    with serve_mirror(again) as second:
        register(monkeypatch, tiny_dataset(mirror.url, second.url))
        mirror.script = [serve_at_most(5000), status(404)]
        get(tmp_path)
        check_whole(tmp_path)
        assert "Range" not in second.asked(FIRST)[0]


def test_the_mirror_that_has_begun_goes_on(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_mirror(tiny_files()) as second:
        register(monkeypatch, tiny_dataset(mirror.url, second.url))
        mirror.script, second.script = [status(404)], [serve_at_most(5000), status(404)]
        with pytest.raises(LimnerError):
            get(tmp_path)
        get(tmp_path)
        check_whole(tmp_path)
        assert second.asked(FIRST)[2]["Range"] == "bytes=5000-"
        assert len(mirror.asked(FIRST)) == 1


@pytest.mark.parametrize("record", ["", "[]", '{"url": 5}', '{"url": "x", "total": "many"}', "{}"])
def test_a_part_without_a_sound_record_is_fetched_anew(record: str, mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [serve_at_most(5000), status(404)]
    with pytest.raises(LimnerError):
        get(tmp_path)
    (tmp_path / "downloads" / "tiny" / f"{FIRST}.part.json").write_text(record)
    get(tmp_path)
    check_whole(tmp_path)
    assert "Range" not in mirror.asked(FIRST)[2]
