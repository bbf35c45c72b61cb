"""`limner data`: what people read, and that the licence comes before the first byte."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.datasets import tiny_dataset, tiny_files
from helpers.mirrors import Mirror, serve_at_most, serve_mirror, status
from limner.cli.main import main
from limner.data.datasets.catalog import CATALOG
from limner.data.datasets.storage import read_stored

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of a made-up set, which takes MNIST's place in the catalog; the sets lie in `sets`."""
    monkeypatch.setenv("LIMNER_DATA", str(tmp_path / "sets"))
    monkeypatch.setenv("NO_PROXY", "*")
    with serve_mirror(tiny_files()) as mirror:
        monkeypatch.setitem(CATALOG, "mnist", tiny_dataset(mirror.url, name="mnist"))
        yield mirror


def test_a_set_is_introduced_fetched_and_then_there(
    mirror: Mirror, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["data", "mnist"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Tiny: noise",
        "  licence   Licence of noise",
        "  cite      A. Tester: Noise",
        "  about     http://noise.invalid/",
        "  download  52 kB",
        f"Stored: 600 train, 200 test; 53 kB in {tmp_path / 'sets' / 'mnist'}.",
    ]
    assert "Tiny: train-images.gz: 38 kB of 38 kB" in err
    assert main(["data", "mnist"]) == 0
    assert "It is here already, and intact: 600 train, 200 test; 53 kB in" in capsys.readouterr().out
    assert len(mirror.requests) == 4


def test_the_licence_comes_before_the_download(mirror: Mirror, capsys: Capture) -> None:
    mirror.script = [status(404)]
    assert main(["data", "mnist"]) == 1
    out, err = capsys.readouterr()
    assert "licence   Licence of noise" in out and "cite      A. Tester: Noise" in out
    assert err.startswith(
        "limner: train-images.gz of Tiny could not be fetched. 127.0.0.1: it does not have"
    )


def test_a_damaged_set_is_fetched_anew(mirror: Mirror, tmp_path: Path, capsys: Capture) -> None:
    main(["data", "mnist"])
    (tmp_path / "sets" / "mnist" / "test-labels.npy").write_bytes(b"x")
    capsys.readouterr()
    assert main(["data", "mnist"]) == 0
    out, err = capsys.readouterr()
    assert "Stored: 600 train" in out and "test-labels.npy has changed since it was written" in err
    assert len(mirror.requests) == 8
    read_stored("mnist").array("test-labels")


def test_files_from_a_folder(mirror: Mirror, tmp_path: Path, capsys: Capture) -> None:
    for name, content in tiny_files().items():
        (tmp_path / name).write_bytes(content)
    assert main(["data", "mnist", "--from", str(tmp_path)]) == 0
    assert "Stored: 600 train, 200 test" in capsys.readouterr().out
    assert mirror.requests == []


def test_the_list(mirror: Mirror, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["data"]) == 0
    out = capsys.readouterr().out
    assert all(f" {name} " in out for name in ("mnist", "cifar10", "fashion", "cars"))
    assert "no; 170 MB to fetch" in out and "MIT (Zalando SE)" in out
    assert f"Data sets are kept in {tmp_path / 'sets'}." in out
    main(["data", "mnist"])
    (tmp_path / "sets" / "cars").mkdir()
    capsys.readouterr()
    main(["data", "list"])
    out = capsys.readouterr().out
    assert "yes, 53 kB" in out and "damaged: `limner data cars` mends it" in out
    assert len(mirror.requests) == 4


def test_a_folder_needs_the_name_of_a_set(capsys: Capture) -> None:
    assert main(["data", "--from", "downloads"]) == 1
    assert (
        "Name the data set to take from downloads: mnist, cifar10, fashion, cars."
        in capsys.readouterr().err
    )


def test_a_copy_gives_way_to_the_original(mirror: Mirror, tmp_path: Path, capsys: Capture) -> None:
    main(["data", "mnist"])
    about = tmp_path / "sets" / "mnist" / "dataset.json"
    about.write_text(about.read_text().replace('"note": ""', '"note": "JPEG copy"'))
    capsys.readouterr()
    assert main(["data", "mnist"]) == 0
    assert "Stored: 600 train" in capsys.readouterr().out
    assert len(mirror.requests) == 8 and read_stored("mnist").about.note == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_keeps_what_has_arrived(mirror: Mirror, tmp_path: Path) -> None:
    mirror.script = [slowly]
    program = (
        # Where the tests run in the background of a script, SIGINT is ignored.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from limner.data.datasets.catalog import CATALOG; from helpers.datasets import tiny_dataset; "
        f"CATALOG['mnist'] = tiny_dataset({mirror.url!r}, name='mnist'); "
        "from limner.cli.main import main; raise SystemExit(main(['data', 'mnist']))"
    )
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {tests!r}); {program}"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    part = tmp_path / "sets" / "downloads" / "mnist" / "train-images.gz.part"
    deadline = time.monotonic() + 60  # a busy machine takes its time to start Python
    while (
        not (part.exists() and part.with_name(f"{part.name}.json").exists()) and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "What has arrived is kept: `limner data mnist` goes on from there.\nlimner: stopped." in err
    arrived = part.stat().st_size
    assert 0 < arrived < len(tiny_files()["train-images.gz"])
    assert main(["data", "mnist"]) == 0
    assert mirror.asked("train-images.gz")[1]["Range"] == f"bytes={arrived}-"


def slowly(handler, content: bytes) -> None:  # type: ignore[no-untyped-def]
    """Half of the file at once, then nothing for some seconds."""
    serve_at_most(len(content) // 2)(handler, content)
    handler.wfile.flush()
    time.sleep(5)
