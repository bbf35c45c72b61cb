"""The trained networks that come with the lab: the page says of every test picture what torch says."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from e2e.lab import ACCURACY, LAB_MARKS, STEP, TESTED, served_lab, served_lab_address, wait_until
from helpers.files import shared
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.labelled import load_labelled
from limner.look.session import make_session
from limner.page.lab import WEB

__all__ = ["served_lab", "served_lab_address"]

pytestmark = LAB_MARKS

LENET = WEB / "data/starts/digits-lenet.onnx"
MAX_TIES = 2
"""Digits of the 10,000 that two classes may share but for rounding."""


def test_a_trained_network_is_tested_at_once_and_learns_on(served_lab: Callable[..., Any]) -> None:
    page = served_lab("#digits?start=trained", ".bench.digits .layers canvas")
    wait_until(page, f"{TESTED} === 1000")
    before = page.evaluate(ACCURACY)
    assert before > 80  # drawn digits, where it has seen MNIST's only
    assert page.evaluate(STEP) == 0
    page.click("#play-button")
    wait_until(page, f"{STEP} >= 100")
    page.click("#play-button")
    wait_until(page, f"{TESTED} === 1000 && {ACCURACY} > {before}")


def test_a_network_that_is_not_there_is_said(served_lab: Callable[..., Any]) -> None:
    page = served_lab("#digits?net=airbench-quarter&start=trained", ".bench.digits .layers canvas")
    page.wait_for_selector("text=No file of this network lies beside the page: LeNet begins from nothing.")


@pytest.mark.slow
def test_the_page_and_torch_agree_on_every_test_digit(
    served_lab: Callable[..., Any], tmp_path: Path
) -> None:
    """ONNX Runtime stands for torch: the file was written when both gave the same scores."""
    mnist = shared("mnist")
    page = served_lab("#digits?start=trained&data=drawn", ".bench.digits .layers canvas")
    page.set_input_files("input[type=file]", [str(path) for path in sorted(mnist.glob("*ubyte.gz"))])
    page.wait_for_selector("text=4 files of your own: 60,000 to learn from, 10,000 to test on.")
    wait_until(page, f"{TESTED} === 10000")
    with page.expect_download() as download:
        page.click("text=Save as CSV")
    with Path(download.value.path()).open(newline="") as file:
        rows = list(csv.DictReader(file))

    fetch_from("mnist", mnist, folder=tmp_path)
    test = load_labelled("mnist", tmp_path).test
    session = make_session(LENET.read_bytes(), LENET)
    values = test.images.astype(np.float32) / np.float32(255)
    (scores,) = session.run(None, {session.get_inputs()[0].name: values})
    expected = [str(found) for found in scores.argmax(1)]
    assert [row["class"] for row in rows] == [str(label) for label in test.labels]
    different = [row for row, found in zip(rows, expected, strict=True) if row["found"] != found]
    assert len(different) <= MAX_TIES, different
    top = np.sort(scores, axis=1)
    for row in different:
        assert top[int(row["picture"]), -1] - top[int(row["picture"]), -2] < 1e-3, row
    accuracy = 100 * float(np.mean(scores.argmax(1) == test.labels))
    assert page.evaluate(ACCURACY) == pytest.approx(accuracy, abs=0.06)
