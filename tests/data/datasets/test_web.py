"""What a page is given of a set."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from helpers.datasets import store_tiny_mnist
from helpers.files import shared
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.idx import read_idx
from limner.data.datasets.labelled import load_labelled
from limner.data.datasets.web import web_files
from limner.errors import LimnerError


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all sets, with a made-up MNIST in it."""
    return store_tiny_mnist(tmp_path, monkeypatch)


def test_pictures_are_idx_files(sets: Path) -> None:
    files = web_files("mnist", train=100, test=50, folder=sets)
    about = json.loads(files["mnist.json"])
    assert set(about["files"].values()) | {"mnist.json"} == set(files)
    assert about["counts"] == {"train": 100, "test": 50}
    assert about["counts_of_all"] == {"train": 600, "test": 200}
    assert (about["licence"], about["classes"]) == ("Licence of noise", list("0123456789"))
    test = load_labelled("mnist", sets).test
    images = read_idx(gzip.decompress(files[about["files"]["test-images"]]))
    labels = read_idx(gzip.decompress(files[about["files"]["test-labels"]]))
    assert images.shape == (50, 1, 8, 8) and labels.shape == (50,)
    # Some of the test pictures, in their order, each with its label.
    places = [int(np.flatnonzero((test.images == image).all((1, 2, 3)))[0]) for image in images]
    assert places == sorted(set(places)) and places != list(range(50))
    assert np.array_equal(test.labels[places], labels)


def test_the_same_set_gives_the_same_bytes(sets: Path) -> None:
    assert web_files("mnist", train=10, test=5, folder=sets) == web_files(
        "mnist", train=10, test=5, folder=sets
    )


def test_all_pictures_where_there_are_fewer(sets: Path) -> None:
    about = json.loads(web_files("mnist", folder=sets)["mnist.json"])
    assert about["counts"] == {"train": 600, "test": 200}


def test_no_pictures_is_refused(sets: Path) -> None:
    with pytest.raises(LimnerError, match="one picture or more of each split, not 0 and 5"):
        web_files("mnist", train=0, test=5, folder=sets)


def test_cars_stay_as_they_are(tmp_path: Path) -> None:
    source = shared("cars")
    fetch_from("cars", source, folder=tmp_path)
    files = web_files("cars", folder=tmp_path)
    assert files["cars.json"] == (source / "cars.json").read_bytes()
    assert json.loads(files["cars-about.json"])["counts"] == {"rows": 406}
