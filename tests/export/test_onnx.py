"""Exporting a look: checked, atomic, and the same bytes for the same weights."""

import copy
import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.files import scene
from helpers.looks import look_bytes, recipe, trained_generator
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.look.look import open_look
from limner.look.storage import STORAGES, Storage


@pytest.mark.parametrize("storage", STORAGES)
def test_the_report_and_the_file_agree(tmp_path: Path, storage: Storage) -> None:
    held_out = [np.asarray(scene(100, 84, seed)) for seed in range(3)]
    out = tmp_path / "new" / "look.onnx"
    report = export_look(
        trained_generator(recipe()), recipe(), out, storage=storage, name="Sky", held_out=held_out
    )
    look = open_look(out)
    assert report.path == out
    assert report.bytes == out.stat().st_size == look.figures["bytes"]
    assert look.figures == report.figures()
    assert look.name == "Sky"
    assert look.figures["parity"][0]["runtime"] == "ONNX Runtime"
    assert 0 < look.figures["parity"][0]["difference"] < 1e-4
    assert report.compression.pictures == 3
    assert 0 < look.figures["noise_gain"] < 10
    assert list(out.parent.iterdir()) == [out]


def test_figures_are_counted_as_in_papers(tmp_path: Path) -> None:
    the_recipe = recipe("small")
    report = export_look(trained_generator(the_recipe), the_recipe, tmp_path / "look.onnx")
    # small at 64 pixels: 6 levels of 4 to 128 filters, counted by hand.
    encoder = 16 * (1 * 4 + 4 * 8 + 8 * 16 + 16 * 32 + 32 * 64 + 64 * 128)
    decoder = 9 * (128 * 64 + 128 * 32 + 64 * 16 + 32 * 8 + 16 * 4 + 8 * 3) + 3
    norms = 4 * (8 + 16 + 32 + 64 + 128 + 64 + 32 + 16 + 8 + 4)
    assert report.parameters == encoder + decoder + norms
    assert report.multiply_adds < report.zero_stuffed < 9 / 4 * report.multiply_adds


def test_the_same_weights_and_metadata_give_the_same_bytes(tmp_path: Path) -> None:
    out = tmp_path / "look.onnx"
    export_look(
        trained_generator(recipe()),
        recipe(),
        out,
        name="Clouds",
        author="Ada Example",
        credit="Photos by Ada",
    )
    assert out.read_bytes() == look_bytes()


def test_exporting_does_not_change_the_generator(tmp_path: Path) -> None:
    network = copy.deepcopy(trained_generator(recipe())).train()
    before = copy.deepcopy(network.state_dict())
    export_look(network, recipe(), tmp_path / "look.onnx")
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_network_is_refused(tmp_path: Path, bad: float) -> None:
    network = copy.deepcopy(trained_generator(recipe()))
    network.get_parameter("up.1.norm.weight").data[3] = bad
    with pytest.raises(LimnerError, match="its training diverged"):
        export_look(network, recipe(), tmp_path / "look.onnx")
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_raises(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LimnerError, match="permission denied"):
        export_look(trained_generator(recipe()), recipe(), tmp_path / "look.onnx")


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the disk is read-only")]
)
def test_a_failed_write_keeps_the_old_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    out = tmp_path / "look.onnx"
    out.write_bytes(b"the old look")

    def raise_os_error(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", raise_os_error)
    with pytest.raises(LimnerError, match=sentence):
        export_look(trained_generator(recipe()), recipe(), out)
    assert out.read_bytes() == b"the old look"
    assert list(tmp_path.iterdir()) == [out]


def test_an_output_path_below_a_file_raises(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LimnerError, match=r"look\.onnx cannot be written"):
        export_look(trained_generator(recipe()), recipe(), tmp_path / "file" / "look.onnx")
