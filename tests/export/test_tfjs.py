"""The export for TensorFlow.js: its weights, its folder, and the paintings of TensorFlow.js."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from helpers.looks import edge_padded_bytes, look_file, recipe, strided_bytes, trained_generator
from helpers.strangers import NESTED_JSON
from helpers.tfjs import run_tfjs
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.export.tfjs import MODEL, SHARD, write_tfjs
from limner.export.tfjs_weights import quantize_weight, with_quantized_weights
from limner.look.look import Look, open_look, read_look
from limner.look.quantization import dequantize_weights, quantizable_weights
from limner.look.session import make_session
from limner.look.storage import STORAGES, Storage

BYTES = {"float32": 4, "float16": 2, "uint16": 2, "uint8": 1}


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """A look with weights in float32."""
    path = tmp_path_factory.mktemp("exact") / "clouds.onnx"
    export_look(
        trained_generator(recipe()), recipe(), path, storage="float32", name="Clouds", author="Ada Example"
    )
    return open_look(path)


def read_folder(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], bytes]:
    """model.json, its list of weights, and all their bytes."""
    model = json.loads((folder / MODEL).read_text())
    [group] = model["weightsManifest"]
    return model, group["weights"], b"".join((folder / path).read_bytes() for path in group["paths"])


def decode_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The weights, decoded as the manifest specifies."""
    _, weights, content = read_folder(folder)
    values, start = {}, 0
    for entry in weights:
        quantization = entry.get("quantization", {})
        count = int(np.prod(entry["shape"]))
        raw = np.frombuffer(content, quantization.get("dtype", entry["dtype"]), count, start)
        start += raw.nbytes
        scaled = raw * quantization["scale"] + quantization["min"] if "scale" in quantization else raw
        values[entry["name"]] = scaled.astype(np.float32).reshape(entry["shape"])
    assert start == len(content)
    return values


@pytest.mark.parametrize("storage", STORAGES)
def test_decoded_weights_match_the_looks_weights(exact: Look, storage: Storage, tmp_path: Path) -> None:
    write_tfjs(exact, tmp_path / "tfjs", storage)
    _, listed, _ = read_folder(tmp_path / "tfjs")
    quantization = {entry["name"]: entry.get("quantization", {}) for entry in listed}
    weights = decode_weights(tmp_path / "tfjs")
    constants = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in dequantize_weights(exact.model).graph.initializer
    }
    network = quantizable_weights(dequantize_weights(exact.model))
    assert len(network) == 10
    assert {name for name, kind in quantization.items() if kind} == (
        set() if storage == "float32" else set(network)
    )
    for name, constant in constants.items():
        array = constant.transpose(2, 3, 1, 0) if constant.ndim == 4 else constant
        if name in exact.live:
            assert weights[f"{name}/default"] == array
        elif name in network and storage.startswith("uint"):
            assert np.abs(weights[name] - array).max() <= quantization[name]["scale"] * 0.501
            assert quantization[name]["original_dtype"] == "float32"
            assert quantization[name]["scale"] * np.iinfo(storage).max == pytest.approx(
                np.ptp(array), rel=1e-6
            )
        elif name in network and storage == "float16":
            np.testing.assert_array_equal(weights[name], array.astype(np.float16))
        elif name in weights:
            np.testing.assert_array_equal(weights[name], array)


@pytest.mark.parametrize("storage", ["uint8", "uint16"])
def test_zero_is_exact_if_a_weight_has_both_signs(storage: Storage) -> None:
    weight = np.random.default_rng(3).normal(0.3, 1, (4, 3, 2, 2)).astype(np.float32)
    weight[1] = 0
    assert (quantize_weight("a", weight, storage).decode()[1] == 0).all()
    flat = quantize_weight("a", np.full((2, 2, 1, 1), 0.7, np.float32), storage)
    assert (flat.decode() == np.float32(0.7)).all()


@pytest.mark.parametrize(
    ("bad", "storage", "sentence"),
    [(np.nan, "uint8", "are NaN or infinite"), (1e6, "float16", r"down do not fit into float16")],
)
def test_weights_that_cannot_be_stored_raise(bad: float, storage: Storage, sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        quantize_weight("down", np.array([[[[1.0, bad]]]], np.float32), storage)


def test_writes_the_model_and_its_shards_and_replaces_an_earlier_export(
    exact: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SHARD == 4194304
    monkeypatch.setattr("limner.export.tfjs.SHARD", 400_000)
    folder = tmp_path / "clouds-tfjs"
    write_tfjs(exact, folder)
    model, listed, content = read_folder(folder)
    paths = model["weightsManifest"][0]["paths"]
    assert paths == [f"group1-shard{number}of3.bin" for number in range(1, 4)]
    assert [(folder / path).stat().st_size for path in paths[:2]] == [400_000] * 2
    assert {path.name for path in folder.iterdir()} == {MODEL, *paths}
    assert sum(4 * int(np.prod(entry["shape"])) for entry in listed) == len(content)
    assert model["format"] == "graph-model"
    assert list(model["signature"]["inputs"]) == ["image"]
    assert list(model["signature"]["outputs"]) == ["painting"]
    metadata = model["userDefinedMetadata"]
    assert (metadata["name"], metadata["author"], metadata["pixels"]) == ("Clouds", "Ada Example", 64)
    assert metadata["live"]["contrast"] == {"label": "Contrast", "min": 0.0, "max": 3.0, "default": 1.0}

    write_tfjs(exact, folder, "uint8")
    assert {path.name for path in folder.iterdir()} == {MODEL, "group1-shard1of1.bin"}
    assert [path.name for path in tmp_path.iterdir()] == ["clouds-tfjs"]


def test_the_manifest_and_the_nodes_agree(exact: Look, tmp_path: Path) -> None:
    write_tfjs(exact, tmp_path / "tfjs")
    model, listed, _ = read_folder(tmp_path / "tfjs")
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    assert len(nodes) == len(model["modelTopology"]["node"])
    assert {entry["name"] for entry in listed} == {
        name for name, node in nodes.items() if node["op"] == "Const"
    }
    read = {name for node in nodes.values() for name in node.get("input", [])}
    assert read <= set(nodes)
    assert set(nodes) - read == {"painting", "guide"}
    kinds = [node["op"] for node in nodes.values()]
    assert (kinds.count("_FusedConv2D"), kinds.count("ResizeNearestNeighbor")) == (10, 4)
    assert (kinds.count("Relu"), kinds.count("LeakyRelu")) == (1, 0), "that of auto-levels alone"
    assert "Pad" not in kinds


def test_an_activation_after_a_transposed_convolution_is_a_node(tmp_path: Path) -> None:
    the_recipe = recipe(upsampling="transposed")
    export_look(trained_generator(the_recipe), the_recipe, tmp_path / "look.onnx")
    write_tfjs(open_look(tmp_path / "look.onnx"), tmp_path / "tfjs")
    model, _, _ = read_folder(tmp_path / "tfjs")
    kinds = [node["op"] for node in model["modelTopology"]["node"]]
    assert (kinds.count("_FusedConv2D"), kinds.count("Conv2DBackpropInput")) == (6, 6)
    assert kinds.count("Relu") == 5 + 1, "and that of auto-levels"
    assert "LeakyRelu" not in kinds


def test_other_files_are_not_overwritten(exact: Look, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "diary.txt", tmp_path / "new.onnx"):
        with pytest.raises(LimnerError, match=r"holds other files|is a file's name"):
            write_tfjs(exact, out)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_a_folder_or_a_file_named_like_weights_is_not_deleted(exact: Look, tmp_path: Path) -> None:
    write_tfjs(exact, tmp_path / "a")
    write_tfjs(exact, tmp_path / "b")
    (tmp_path / "a" / "group1-shard2of2.bin").mkdir()
    (tmp_path / "a" / "group1-shard2of2.bin" / "photo.jpg").write_bytes(b"mine")
    (tmp_path / "b" / "group1-shard-photos.bin").write_bytes(b"mine")
    for folder in (tmp_path / "a", tmp_path / "b"):
        with pytest.raises(LimnerError, match="holds other files"):
            write_tfjs(exact, folder, force=True)
    assert (tmp_path / "a" / "group1-shard2of2.bin" / "photo.jpg").read_bytes() == b"mine"
    assert (tmp_path / "b" / "group1-shard-photos.bin").read_bytes() == b"mine"


def test_files_of_file_managers_are_passed_over(exact: Look, tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"icons")
    write_tfjs(exact, tmp_path)
    (tmp_path / "desktop.ini").mkdir()
    with pytest.raises(LimnerError, match="holds other files"):
        write_tfjs(exact, tmp_path)


@pytest.mark.parametrize(
    "model",
    [
        '{"format": "graph-model", "generatedBy": "2.15.0"}',
        *("[]", '{"generatedBy": "limner', "", NESTED_JSON[0]),
    ],
)
def test_another_converters_model_is_not_overwritten(exact: Look, model: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / MODEL).write_text(model)
    (folder / "group1-shard1of1.bin").write_bytes(b"theirs")
    with pytest.raises(LimnerError, match=r"export holds a model that limner did not write: .* --force"):
        write_tfjs(exact, folder)
    assert (folder / MODEL).read_text() == model
    assert (folder / "group1-shard1of1.bin").read_bytes() == b"theirs"
    write_tfjs(exact, folder, force=True)
    write_tfjs(exact, folder)


def test_a_full_disk_keeps_the_earlier_export(
    exact: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tfjs(exact, tmp_path / "tfjs", "uint8")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tfjs").iterdir()}

    def raise_disk_full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", raise_disk_full)
    with pytest.raises(LimnerError, match=r"tfjs cannot be written: the disk is full"):
        write_tfjs(exact, tmp_path / "tfjs", "float32")
    assert {path.name: path.read_bytes() for path in (tmp_path / "tfjs").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["tfjs"]


def test_a_dynamic_input_size_is_refused(tmp_path: Path) -> None:
    image = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, 3, None, None))
    painting = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (1, 3, None, None))
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])], "any", [image], [painting]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    look = read_look(model.SerializeToString(), Path("any.onnx"))
    with pytest.raises(LimnerError, match=r"any\.onnx: Its input x has no fixed size"):
        write_tfjs(look, tmp_path / "tfjs")


def paint_with_tfjs(
    folder: Path,
    image: NDArray[np.float32],
    live: dict[str, float],
    outputs: Sequence[str] = ("painting", "guide"),
) -> dict[str, Any]:
    """The outputs of TensorFlow.js for the folder."""
    pixels = image.shape[0]
    request = {"image": image.ravel().tolist(), "pixels": pixels, "live": live, "outputs": outputs}
    result: dict[str, Any] = run_tfjs("tfjs_paint.mjs", folder, request)
    return result


def picture(pixels: int = 64) -> NDArray[np.float32]:
    """A picture (H, W, 3) with noise, flat areas and edges."""
    image = np.random.default_rng(5).random((pixels, pixels, 3), dtype=np.float32)
    image[: pixels // 4] = 0
    image[-pixels // 4 :, pixels // 2 :] = 1
    return image


def expected(look: Look, storage: Storage, live: dict[str, float]) -> tuple[Any, Any]:
    """Painting and guide from ONNX Runtime, with the same quantized weights, in NHWC."""
    session = make_session(with_quantized_weights(look.model, storage).SerializeToString(), look.path)
    feed = {"image": picture(look.pixels).transpose(2, 0, 1)[None], **look.to_graph_inputs(live)}
    painting, guide = session.run(["painting", "guide"], feed)
    return painting.transpose(0, 2, 3, 1).ravel(), guide.transpose(0, 2, 3, 1).ravel()


@pytest.mark.parametrize("storage", STORAGES)
def test_tensorflow_js_paints_the_same_as_onnx_runtime(
    exact: Look, storage: Storage, tmp_path: Path
) -> None:
    live = {"brightness": 0.1, "contrast": 1.5, "levels": 0.4}
    write_tfjs(exact, tmp_path / "tfjs", storage)
    result = paint_with_tfjs(tmp_path / "tfjs", picture(), live)
    plain, _ = expected(exact, storage, {})
    changed, guide = expected(exact, storage, live)
    assert np.abs(plain - changed).max() > 0.05
    np.testing.assert_allclose(result["predicted"], plain, rtol=0, atol=1e-4)
    np.testing.assert_allclose(result["outputs"][0], changed, rtol=0, atol=1e-4)
    np.testing.assert_allclose(result["outputs"][1], guide, rtol=0, atol=1e-4)
    assert result["again"] == result["predicted"]
    assert result["kept"] == 1  # the painting itself
    assert result["metadata"]["name"] == "Clouds"
    for name, values in decode_weights(tmp_path / "tfjs").items():
        np.testing.assert_array_equal(result["weights"][name], values.ravel())


@pytest.mark.parametrize("guide", ["edges", "colour"])
def test_other_guides_and_a_quantized_look_paint_the_same(guide: Any, tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path, guide))
    write_tfjs(look, tmp_path / "tfjs", "float32")
    result = paint_with_tfjs(tmp_path / "tfjs", picture(), {"contrast": 2.0})
    plain, _ = expected(look, "float32", {})
    changed, guide_image = expected(look, "float32", {"contrast": 2.0})
    np.testing.assert_allclose(result["predicted"], plain, rtol=0, atol=1e-4)
    np.testing.assert_allclose(result["outputs"][0], changed, rtol=0, atol=1e-4)
    np.testing.assert_allclose(result["outputs"][1], guide_image, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        # Strides, pads and a transposed convolution that looks do not have.
        (strided_bytes(), {"Pad": 1, "MirrorPad": 3, "LeakyRelu": 1, "Conv2DBackpropInput": 1}),
        (edge_padded_bytes(), {"Pad": 0, "MirrorPad": 4, "LeakyRelu": 0, "ResizeNearestNeighbor": 1}),
    ],
)
def test_paints_other_paddings_and_strides(content: bytes, counts: dict[str, int], tmp_path: Path) -> None:
    look = read_look(content, tmp_path / "other.onnx")
    write_tfjs(look, tmp_path / "tfjs")
    model, _, _ = read_folder(tmp_path / "tfjs")
    kinds = [node["op"] for node in model["modelTopology"]["node"]]
    assert {kind: kinds.count(kind) for kind in counts} == counts
    image = picture(32)
    result = paint_with_tfjs(tmp_path / "tfjs", image, {}, ["y"])
    session = make_session(look.content, look.path)
    right = session.run(None, {"x": image.transpose(2, 0, 1)[None]})[0].transpose(0, 2, 3, 1)
    assert np.ptp(right) > 1
    np.testing.assert_allclose(result["predicted"], right.ravel(), rtol=0, atol=1e-4)
