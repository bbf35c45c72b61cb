"""Looks that open and paint, and damaged files that are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper

from helpers.looks import look_bytes, look_file
from helpers.onnx_models import image_model, refusal
from limner.errors import LimnerError
from limner.look.look import MAX_FILE_BYTES, open_look, read_look


def test_an_opened_look_has_its_metadata(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    assert (look.name, look.author, look.credit, look.licence) == (
        "Clouds",
        "Ada Example",
        "Photos by Ada",
        "",
    )
    assert (look.pixels, look.size, look.guide) == (64, "lean", "soft")
    assert list(look.live) == ["brightness", "contrast", "levels"]
    assert (look.live["contrast"].minimum, look.live["contrast"].default) == (0, 1)
    assert look.recipe["upsampling"] == "nearest"
    assert look.content == look.path.read_bytes()


def test_it_paints_as_onnxruntime_does_with_its_file(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    import onnxruntime

    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    feed = {"image": image.transpose(2, 0, 1)[None], "levels": np.array(0.5, np.float32)}
    painting, guide = onnxruntime.InferenceSession(look.content).run(None, feed)
    painted, painted_guide = look.paint_and_guide(image, levels=0.5)
    assert painted.shape == (64, 64, 3)
    assert painted_guide.shape == (64, 64, 1)
    np.testing.assert_allclose(painted, painting[0].transpose(1, 2, 0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(painted_guide, guide[0].transpose(1, 2, 0), rtol=0, atol=1e-5)
    assert np.abs(painted - look.paint(image)).max() > 0.01


@pytest.mark.parametrize(
    ("live", "sentence"),
    [
        ({"colour": 1.0}, "has no live input colour; it has brightness, contrast, levels"),
        ({"levels": 1.5}, "levels is 1.5; .* takes 0 to 1"),
        ({"contrast": float("nan")}, "contrast is nan"),
    ],
)
def test_unknown_and_out_of_range_live_inputs_are_refused(
    tmp_path: Path, live: dict[str, float], sentence: str
) -> None:
    look = open_look(look_file(tmp_path))
    with pytest.raises(LimnerError, match=sentence):
        look.paint(np.zeros((64, 64, 3), np.float32), **live)


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="paints 64 pixels"):
        open_look(look_file(tmp_path)).paint(np.zeros((32, 64, 3), np.float32))


def test_a_look_cut_off_anywhere_is_refused() -> None:
    content = look_bytes()
    rng = np.random.default_rng(0)
    # Within the metadata at the end of the file, where the rest may still be a valid graph, and before it.
    ends = [*range(len(content) - 2500, len(content), 7), *rng.integers(1, len(content), 60)]
    for end in ends:
        assert "cut off" in refusal(content[: int(end)])


def test_random_bytes_are_refused() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 10, 1000, 100_000):
        refusal(rng.bytes(size))


def test_damaged_bytes_raise_nothing_but_limner_error() -> None:
    content = bytearray(look_bytes())
    rng = np.random.default_rng(1)
    opened = 0
    for _ in range(60):
        damaged = content.copy()
        for offset in rng.integers(0, len(content), 30):
            damaged[int(offset)] = int(rng.integers(256))
        try:
            read_look(bytes(damaged), Path("clouds.onnx"))
            opened += 1  # the bytes of weights can be anything
        except LimnerError:
            pass
    assert opened < 60


def test_another_programs_image_network_opens_and_paints() -> None:
    look = read_look(image_model([1, 3, 64, 64]).SerializeToString(), Path("other.onnx"))
    assert (look.pixels, look.name, look.guide, dict(look.live)) == (64, "", "", {})
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    painting, guide = look.paint_and_guide(image)
    np.testing.assert_array_equal(painting, image)
    np.testing.assert_array_equal(guide, image)


@pytest.mark.parametrize(
    ("scales", "attributes"),
    [((3,), {"axis": 0}), ((), {}), ((3, 2, 3, 3), {"axis": 1, "block_size": 2})],
    ids=["by-channel", "one-scale", "by-block"],
)
@pytest.mark.parametrize("kind", [TensorProto.INT4, TensorProto.UINT4])
def test_weights_of_four_bits_paint(
    kind: TensorProto.DataType, scales: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    rng = np.random.default_rng(4)
    stored = rng.integers(-8, 8, (3, 3, 3, 3)) + (8 if kind == TensorProto.UINT4 else 0)
    scale = rng.uniform(0.01, 0.02, scales).astype(np.float32)
    model = image_model([1, 3, 64, 64])
    model.opset_import[0].version = 21  # the first with these types
    model.graph.initializer.append(helper.make_tensor("stored", kind, stored.shape, stored.flatten()))
    model.graph.initializer.append(numpy_helper.from_array(scale, "scale"))
    zero = 8 if kind == TensorProto.UINT4 else 0
    model.graph.initializer.append(helper.make_tensor("zero", kind, scales, [zero] * scale.size))
    del model.graph.node[:]
    ends = ["stored", "scale", "zero"]
    model.graph.node.append(helper.make_node("DequantizeLinear", ends, ["w"], **attributes))
    model.graph.node.append(helper.make_node("Conv", ["input", "w"], ["output"], pads=[1, 1, 1, 1]))

    spread = scale.reshape(3, 1, 1, 1) if scales == (3,) else scale
    if len(scales) == 4:
        spread = spread.repeat(2, axis=1)[:, :3]
    weights = torch.from_numpy(((stored - zero) * spread).astype(np.float32))
    image = rng.random((64, 64, 3), dtype=np.float32)
    picture = torch.from_numpy(image.transpose(2, 0, 1)[None])
    expected = torch.nn.functional.conv2d(picture, weights, padding=1).numpy()
    [made] = read_look(model.SerializeToString(), Path("other.onnx")).run(image)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("opset", [7, 8])
def test_an_early_file_that_lists_its_constants_among_its_inputs_paints(opset: int) -> None:
    model = image_model([1, 3, 64, 64])
    model.opset_import[0].version = opset
    model.ir_version = 3
    stored = numpy_helper.from_array(np.array([0.5], np.float16), "stored")
    twice = numpy_helper.from_array(np.array(2, np.float32), "twice")
    model.graph.initializer.extend([stored, twice])
    model.graph.input.extend(
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in (stored, twice)
    )
    del model.graph.node[:]
    model.graph.node.extend(
        [
            helper.make_node("Cast", ["stored"], ["half"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["input", "half"], ["a"]),
            helper.make_node("Mul", ["a", "twice"], ["output"]),
        ]
    )
    look = read_look(model.SerializeToString(), Path("other.onnx"))
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    np.testing.assert_array_equal(look.paint(image), image)
    assert dict(look.live) == {}


def test_a_network_that_takes_any_size_paints_256() -> None:
    any_size: list[int | str] = ["n", 3, "h", "w"]
    look = read_look(image_model(any_size, input_shape=any_size).SerializeToString(), Path("other.onnx"))
    assert look.pixels == 256
    assert look.paint(np.zeros((256, 256, 3), np.float32)).shape == (256, 256, 3)


def test_a_network_that_fails_when_it_runs_raises_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    any_size: list[int | str] = [1, 3, "h", "w"]
    model = image_model(any_size, input_shape=any_size)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 3, 8, 8]), "shape"))
    model.graph.node[0].CopyFrom(helper.make_node("Reshape", ["input", "shape"], ["output"]))
    look = read_look(model.SerializeToString(), Path("dyn.onnx"))
    with pytest.raises(LimnerError) as error:
        look.paint(np.zeros((256, 256, 3), np.float32))
    assert str(error.value).startswith("dyn.onnx cannot paint: Non-zero status code")
    assert "onnxruntime" not in str(error.value)
    assert capfd.readouterr().err == "", "the message is not printed as well"


def test_missing_files_folders_and_files_that_are_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="cannot be opened: No such file"):
        open_look(tmp_path / "nothing.onnx")
    with pytest.raises(LimnerError, match="is a folder"):
        open_look(tmp_path)
    with (tmp_path / "giant.onnx").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(LimnerError, match="has 537 MB; a look has at most 537"):
        open_look(tmp_path / "giant.onnx")


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("format", "2", "has format '2', which this version of limner does not know"),
        ("pixels", "128", "has metadata that does not match its graph"),
        ("pixels", "many", "has damaged metadata"),
        ("live", "{}", "has metadata that does not match its graph"),
        ("live", "[]", "has damaged metadata"),
        ("live", "[" * 100_000, "has damaged metadata"),
        ("figures", "1", "has damaged metadata"),
    ],
)
def test_wrong_metadata_is_refused(key: str, value: str, sentence: str) -> None:
    model = ModelProto.FromString(look_bytes())
    next(prop for prop in model.metadata_props if prop.key == f"limner.{key}").value = value
    assert sentence in refusal(model.SerializeToString())
