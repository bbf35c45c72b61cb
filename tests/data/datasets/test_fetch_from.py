"""Sets out of a folder: made-up ones in each format, and the real files where they are."""

from __future__ import annotations

import dataclasses
import gzip
import io
import tarfile
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from helpers.datasets import digest, make_tar, tiny_contents, tiny_dataset, tiny_files
from helpers.files import shared
from limner.data.datasets.cars import load_cars
from limner.data.datasets.catalog import CATALOG, Content, SourceFile
from limner.data.datasets.cifar import RECORD
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.idx import read_idx
from limner.data.datasets.labelled import load_labelled
from limner.data.datasets.storage import find_stored
from limner.errors import LimnerError

COLOURS = np.random.default_rng(0).integers(0, 256, (10, 3), np.uint8)
"""Of the JPEG pictures, by class."""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the made-up set, which is in the catalog."""
    monkeypatch.setitem(CATALOG, "tiny", tiny_dataset("http://unasked.invalid/"))
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in tiny_files().items():
        (folder / name).write_bytes(content)
    return folder


def test_packed_and_unpacked_files(tiny: Path, tmp_path: Path) -> None:
    (tiny / "test-images.gz").unlink()
    (tiny / "test-images").write_bytes(tiny_contents()["test-images"])
    (tiny / "train-images.gz").write_bytes(gzip.compress(tiny_contents()["train-images"], 1, mtime=5))
    stored = fetch_from("tiny", tiny, folder=tmp_path / "sets")
    assert stored.about.source == ("train-images.gz", "train-labels.gz", "test-images", "test-labels.gz")
    images = load_labelled("tiny", tmp_path / "sets")  # type: ignore[arg-type]
    assert np.array_equal(images.test.images[:, 0], read_idx(tiny_contents()["test-images"]))
    assert (images.title, images.note, images.classes) == ("Tiny", "", tuple("0123456789"))
    assert images.train.labels.dtype == np.int64 and images.train.images.shape == (600, 1, 8, 8)
    assert images.train.images.flags.writeable and images.train.images.flags.c_contiguous


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            lambda folder: (folder / "test-labels.gz").unlink(),
            r"files lacks test-labels\.gz: Tiny needs train-",
        ),
        (
            lambda folder: (folder / "test-labels.gz").write_bytes(b"x"),
            r"test-labels\.gz is not that of Tiny: it",
        ),
        (
            lambda folder: (folder / "test-labels.gz").write_bytes(tiny_files()["train-labels.gz"]),
            r"test-labels\.gz is not that of Tiny: it unpacks to more than 208 bytes",
        ),
    ],
)
def test_wrong_folders_have_a_sentence(damage, sentence: str, tiny: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    fetch_from("tiny", tiny, folder=tmp_path / "sets")
    damage(tiny)
    with pytest.raises(LimnerError, match=sentence):
        fetch_from("tiny", tiny, folder=tmp_path / "sets")
    assert find_stored("tiny", tmp_path / "sets") is not None  # the earlier one


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        with pytest.raises(LimnerError, match=rf"{name} is no folder: give one with train-images-idx3"):
            fetch_from("mnist", tmp_path / name, folder=tmp_path)
    with pytest.raises(
        LimnerError, match=r"There is no data set moons\. Known are mnist, cifar10, fashion, cars"
    ):
        fetch_from("moons", tmp_path, folder=tmp_path)


def small_cifar(monkeypatch: pytest.MonkeyPatch, batches: dict[str, bytes]) -> None:
    """Put a CIFAR-10 of these batches into the catalog: 40 pictures to train on, 20 to test."""
    contents = {name: Content(len(content), digest(content)) for name, content in batches.items()}
    source = SourceFile("cifar-10-binary.tar.gz", "tar.gz", 1000, (), MappingProxyType(contents))
    counts = MappingProxyType({"train": 40, "test": 20})
    small = dataclasses.replace(CATALOG["cifar10"], files=(source,), counts=counts)
    monkeypatch.setitem(CATALOG, "cifar10", small)


def test_cifars_binary_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = np.random.default_rng(0).integers(0, 10, (60, RECORD), np.uint8)
    parts = {
        "data_batch_1.bin": records[:30],
        "data_batch_2.bin": records[30:40],
        "test_batch.bin": records[40:],
    }
    batches = {f"cifar-10-batches-bin/{name}": part.tobytes() for name, part in parts.items()}
    small_cifar(monkeypatch, batches)
    backwards = dict(sorted(batches.items(), reverse=True))
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(make_tar(backwards))
    fetch_from("cifar10", tmp_path, folder=tmp_path / "sets")
    images = load_labelled("cifar10", tmp_path / "sets")
    assert images.title == "CIFAR-10"
    assert np.array_equal(images.train.labels, records[:40, 0])
    assert np.array_equal(images.test.labels, records[40:, 0])
    # Red, green, blue; then row by row.
    assert images.train.images[7, 2, 5, 9] == records[7, 1 + 2 * 1024 + 5 * 32 + 9]
    assert np.array_equal(images.test.images.reshape(20, -1), records[40:, 1:])


def jpeg(colour: np.ndarray, size: tuple[int, int] = (32, 32), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, tuple(int(each) for each in colour)).convert(mode).save(
        buffer, "JPEG", quality=95
    )
    return buffer.getvalue()


def jpegs(split: str, per_class: int) -> dict[str, bytes]:
    return {
        f"{split}/{name}/{number:04}.jpg": jpeg(COLOURS[label])
        for label, name in enumerate(CATALOG["cifar10"].classes)
        for number in range(per_class)
    }


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small CIFAR-10 as JPEGs."""
    small_cifar(monkeypatch, {})
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "cifar10-train-jpg.tar.gz").write_bytes(make_tar(jpegs("train", 4)))
    (folder / "cifar10-test-jpg.tar.gz").write_bytes(make_tar(jpegs("test", 2)))
    return folder


def test_a_jpeg_copy_says_so(copy: Path, tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []
    stored = fetch_from(
        "cifar10",
        copy,
        folder=tmp_path / "sets",
        progress=lambda done, total, _: shown.append((done, total)),
    )
    images = load_labelled("cifar10", tmp_path / "sets")
    assert (images.title, images.note) == ("CIFAR-10 (JPEG copy)", "JPEG copy")
    assert stored.about.source[0].startswith("cifar10-train-jpg.tar.gz, sha256 ")
    assert (shown[0], shown[39], shown[-1]) == ((1, 40), (40, 40), (20, 20))
    assert images.train.labels.tolist() == [*range(10)] * 4  # the first of each class, the second, ...
    assert images.train.images.shape == (40, 3, 32, 32)
    means = images.test.images.mean((2, 3))
    assert np.abs(means - COLOURS[images.test.labels]).max() < 6


def test_the_original_comes_before_a_copy(copy: Path, tmp_path: Path) -> None:
    (copy / "cifar-10-binary.tar.gz").write_bytes(b"x")
    with pytest.raises(LimnerError, match=r"cifar-10-binary\.tar\.gz is not that of CIFAR-10"):
        fetch_from("cifar10", copy, folder=tmp_path / "sets")


def escape() -> dict[str, bytes | tarfile.TarInfo]:
    info = tarfile.TarInfo("test/cat/0000.jpg")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return {"link": info}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"test/cat/0000.jpg": None}, "it has 19 pictures, 1 to 2 a class, instead of 20, 2 a class"),
        ({"test/cat/0009.jpg": jpeg(COLOURS[0])}, "it has 21 pictures, 2 to 3 a class"),
        ({"test/cow/0000.jpg": jpeg(COLOURS[0])}, "'test/cow/0000.jpg' in it is no picture of this set"),
        ({"train/cat/0000.jpg": jpeg(COLOURS[0])}, "'train/cat/0000.jpg' in it is no picture of this set"),
        ({"../test/cat/0000.jpg": jpeg(COLOURS[0])}, "'../test/cat/0000.jpg' in it is no picture"),
        (escape(), "'test/cat/0000.jpg' in it is no picture of this set"),
        ({"test/cat/0000.jpg": bytes(1 << 15)}, "'test/cat/0000.jpg' in it is no picture of this set"),
        (
            {"test/cat/0000.jpg": jpeg(COLOURS[0], (33, 32))},
            "'test/cat/0000.jpg' in it is 33x32 RGB, not 32x32",
        ),
        (
            {"test/cat/0000.jpg": jpeg(COLOURS[0], mode="L")},
            "'test/cat/0000.jpg' in it is 32x32 L, not 32x32",
        ),
        ({"test/cat/0000.jpg": b"GIF89a"}, "'test/cat/0000.jpg' in it is no intact JPEG"),
        ({"test/cat/0000.jpg": jpeg(COLOURS[0])[:300]}, "'test/cat/0000.jpg' in it is no intact JPEG"),
    ],
)
def test_other_archives_of_jpegs_are_refused(
    change: dict[str, bytes | tarfile.TarInfo | None], sentence: str, copy: Path, tmp_path: Path
) -> None:
    members = {
        name: content for name, content in (jpegs("test", 2) | change).items() if content is not None
    }
    (copy / "cifar10-test-jpg.tar.gz").write_bytes(make_tar(members))
    with pytest.raises(LimnerError) as raised:
        fetch_from("cifar10", copy, folder=tmp_path / "sets")
    assert f"cifar10-test-jpg.tar.gz is not that of CIFAR-10: {sentence}" in str(raised.value)
    assert find_stored("cifar10", tmp_path / "sets") is None


def test_half_a_copy_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "cifar10-test-jpg.tar.gz").unlink()
    with pytest.raises(LimnerError, match=r"has neither cifar-10-binary\.tar\.gz nor cifar10-train-jpg"):
        fetch_from("cifar10", copy, folder=tmp_path / "sets")


def test_the_real_mnist(tmp_path: Path) -> None:
    fetch_from("mnist", shared("mnist"), folder=tmp_path)
    images = load_labelled("mnist", tmp_path)
    assert images.title == "MNIST"
    assert images.train.images.shape == (60_000, 1, 28, 28) and images.test.images.shape == (
        10_000,
        1,
        28,
        28,
    )
    assert images.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(images.test.labels).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]


def test_the_real_cars(tmp_path: Path) -> None:
    fetch_from("cars", shared("cars"), folder=tmp_path)
    cars = load_cars(tmp_path)
    assert len(cars.names) == len(cars.origins) == 406
    gaps = {name: int(np.isnan(column).sum()) for name, column in cars.columns.items()}
    assert gaps == {
        "mpg": 8,
        "cylinders": 0,
        "displacement": 0,
        "horsepower": 6,
        "weight": 0,
        "acceleration": 0,
        "year": 0,
    }
    assert cars.complete("horsepower", "mpg").shape == (392, 2)
    assert cars.complete("horsepower", "mpg")[0].tolist() == [130, 18]
    assert (cars.columns["year"].min(), cars.columns["year"].max()) == (1970, 1982)
    assert set(cars.origins) == {"USA", "Europe", "Japan"}
    with pytest.raises(LimnerError, match="Cars have no column colour; they have mpg, cylinders"):
        cars.complete("mpg", "colour")


@pytest.mark.slow
def test_the_real_cifar_as_jpegs(tmp_path: Path) -> None:
    fetch_from("cifar10", shared("cifar10"), folder=tmp_path)
    images = load_labelled("cifar10", tmp_path)
    assert images.title == "CIFAR-10 (JPEG copy)"
    assert np.bincount(images.train.labels).tolist() == [5000] * 10
    # Published means of the original's channels: 125.3, 123.0, 113.9. JPEG hardly moves them.
    means = images.train.images.mean((0, 2, 3))
    assert np.abs(means - [125.3, 123.0, 113.9]).max() < 0.3
