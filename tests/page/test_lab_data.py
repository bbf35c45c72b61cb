"""Pictures of the data sets and SqueezeNet's features, as the lab's page gets them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from starlette.testclient import TestClient

from helpers.datasets import store_tiny_mnist
from limner.data.datasets.idx import read_idx
from limner.look.session import make_session
from limner.networks.features import load_extractor
from limner.page import lab as module
from limner.page.lab import LIST, lab_contents, make_lab_app
from limner.page.lab_data import SQUEEZENET
from limner.page.squeezenet_onnx import squeezenet_onnx


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minimal lab in place of the built one."""
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "index.html").write_text("<title>lab</title>")
    monkeypatch.setattr(module, "WEB", folder)


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all sets, with a made-up MNIST in it."""
    return store_tiny_mnist(tmp_path, monkeypatch)


def test_squeezenet_has_the_features_of_limner() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    content = squeezenet_onnx()
    planes = pictures.transpose(0, 3, 1, 2).astype(np.float32) / 255
    outputs = make_session(content, Path("squeezenet.onnx")).run(None, {"pictures": planes})
    found = np.concatenate([each / np.linalg.norm(each, axis=1, keepdims=True) for each in outputs], axis=1)
    assert np.abs(found - load_extractor()(pictures)).max() < 1e-5
    props = {each.key: each.value for each in onnx.load_from_string(content).metadata_props}
    assert "BSD LICENSE" in props["licence"]


@pytest.mark.usefixtures("built")
def test_sets_are_served_as_idx_files(sets: Path) -> None:
    client = TestClient(make_lab_app(sets), base_url="http://localhost:8000")
    files = client.get("/data/list.json").json()["files"]
    assert {SQUEEZENET, "mnist/mnist.json", "mnist/mnist-train-images.idx.gz"} <= set(files)
    assert not any(name.startswith("cifar10/") for name in files)
    response = client.get("/data/mnist/mnist-test-images.idx.gz")
    assert response.headers["content-type"] == "application/octet-stream"
    assert read_idx(gzip.decompress(response.content)).shape == (200, 1, 8, 8)
    assert client.get("/data/mnist/mnist.json").json()["counts"] == {"train": 600, "test": 200}
    assert client.get(f"/data/{SQUEEZENET}").content == squeezenet_onnx()


@pytest.mark.usefixtures("built")
def test_a_page_gets_pictures_only_when_asked(sets: Path) -> None:
    plain = lab_contents(sets)
    assert json.loads(plain[f"lab/{LIST}"]) == {"files": []}
    assert not any(name.startswith("lab/data/mnist") for name in plain)
    full = lab_contents(sets, pictures=True)
    files = json.loads(full[f"lab/{LIST}"])["files"]
    assert "mnist/mnist.json" in files and SQUEEZENET in files
    assert all(f"lab/data/{name}" in full for name in files)
    assert list(full)[-1] == "lab/index.html"
