"""State: what a look keeps from picture to picture, and the faults of its metadata."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnx
import PIL.Image
import pytest
from onnx import ModelProto, StringStringEntryProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from helpers.files import video
from helpers.looks import look_bytes
from helpers.onnx_models import refusal
from limner.cli.commands.describe import describe
from limner.errors import LimnerError
from limner.look.adaptation import read_network
from limner.look.look import Image, Look, read_look
from limner.look.metadata import Metadata, read_metadata, write_metadata
from limner.look.paint import paint_file
from limner.look.trial import try_look
from onnx_cases.state import HEIGHT, LOOKS, RUNS, WIDTH, mixing, pictures, smoothed_guide, stateful

PATH = Path("dream.onnx")


def opened(make: Callable[[], ModelProto] = mixing) -> Look:
    return read_look(make().SerializeToString(), PATH)


def image_of(picture: Image) -> Image:
    image: Image = picture[0].transpose(1, 2, 0)
    return image


def grey() -> Image:
    return np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)


@pytest.mark.parametrize("name", LOOKS)
def test_a_hundred_runs_are_those_of_onnx_reference(name: str) -> None:
    model = LOOKS[name]()
    look = opened(LOOKS[name])
    assert look.state == json.loads(model.metadata_props[0].value)
    reference = ReferenceEvaluator(model)
    defaults = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    state = {
        tensor.input: defaults.get(tensor.input, np.zeros(tensor.shape, np.float32))
        for tensor in look.state_tensors
    }
    names = [value.name for value in model.graph.output]
    for picture in pictures():
        expected = reference.run(None, {"image": picture, **state})
        made = look.run(image_of(picture))
        by_name = dict(zip(names, expected, strict=True))
        state = {key: by_name[output] for key, output in look.state.items()}
        for found, value in zip(made, expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=1e-4)
    assert RUNS == 100


def test_it_begins_anew_when_asked_and_in_another_opened_look() -> None:
    look = opened()
    first = look.run(grey())
    assert np.abs(look.run(grey())[0] - first[0]).max() > 0.01
    look.reset_state()
    np.testing.assert_array_equal(look.run(grey())[0], first[0])
    np.testing.assert_array_equal(opened().run(grey())[0], first[0])


def test_what_is_saved_and_restored_goes_on_to_the_same_values() -> None:
    look = opened()
    initial = look.read_state()
    np.testing.assert_array_equal(initial["drift"].ravel(), np.array([1, 0.95, 0.9], np.float32))
    assert initial["count"] == [0]
    for _ in range(3):
        look.run(grey())
    saved = look.read_state()
    assert saved["count"] == [3]
    expected = look.run(grey())
    other = opened()
    other.write_state(saved)
    for found, value in zip(other.run(grey()), expected, strict=True):
        np.testing.assert_array_equal(found, value)
    saved["count"][:] = 90  # a copy
    assert look.read_state()["count"] == [4]
    with pytest.raises(LimnerError, match="has no state image; it has last, count"):
        look.write_state({"image": saved["last"]})
    with pytest.raises(LimnerError, match=r"dream.onnx keeps 1 as count, not 2\."):
        look.write_state({"count": np.zeros(2, np.float32)})


def test_writing_into_what_a_run_returns_does_not_change_the_state() -> None:
    look, other = opened(), opened()
    for output in look.run(grey()):
        output[:] = 90
    other.run(grey())
    for found, value in zip(look.run(grey()), other.run(grey()), strict=True):
        np.testing.assert_array_equal(found, value)


def test_a_run_that_fails_leaves_the_state() -> None:
    look = opened()
    look.run(grey())
    with pytest.raises(LimnerError):
        look.run(grey()[1:])
    assert look.read_state()["count"] == [1]


def test_a_trial_neither_advances_nor_reads_it() -> None:
    look = opened()
    fresh = try_look(look).output
    look.run(grey())
    np.testing.assert_array_equal(try_look(look).output, fresh)
    assert look.read_state()["count"] == [1]


def test_a_clip_keeps_it_over_its_frames_and_each_file_begins_anew(tmp_path: Path) -> None:
    source = video(tmp_path / "clip.mp4", frames=8, rate=10, size=(64, 48))
    look = opened()
    paint_file(look, source)
    assert look.read_state()["count"] == [8]
    paint_file(look, source)
    assert look.read_state()["count"] == [8]
    with av.open(str(tmp_path / "clip-painted.mp4")) as container:
        assert len(list(container.decode(container.streams.video[0]))) == 8
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        PIL.Image.new("RGB", (64, 48), (90, 120, 30)).save(folder / name)
    paint_file(look, folder)
    first, second = (
        np.asarray(PIL.Image.open(path)) for path in sorted((tmp_path / "pictures-painted").iterdir())
    )
    np.testing.assert_array_equal(first, second)


def test_describe_names_it_and_its_shapes(tmp_path: Path) -> None:
    path = tmp_path / "dream.onnx"
    path.write_bytes(mixing().SerializeToString())
    summary = describe(str(path))
    assert summary.state["five"] == {"next": "five_next", "shape": [1, 5, HEIGHT, WIDTH]}
    assert json.loads(summary.to_json())["state"]["count"] == {"next": "count_next", "shape": [1]}
    lines = [str(line) for line in summary.table().renderables]
    assert "state last: 1 x 3 x 24 x 32, then the last painting" in lines


def with_state(model: ModelProto, state: dict[str, str], **values: str) -> ModelProto:
    """A limner look whose painting also reads the one before, with that metadata."""
    painting = next(node for node in model.graph.node if "painting" in node.output)
    painting.output[list(painting.output).index("painting")] = "painted"
    model.graph.node.append(helper.make_node("Mean", ["painted", "before"], ["painting"]))
    model.graph.input.append(helper.make_tensor_value_info("before", TensorProto.FLOAT, (1, 3, 64, 64)))
    metadata = read_metadata(model)
    assert metadata is not None
    write_metadata(model, Metadata(**(vars(metadata) | {"state": state} | values)))
    return model


def test_a_look_of_ours_may_have_state() -> None:
    model = with_state(ModelProto.FromString(look_bytes()), {"before": "painting"})
    look = read_look(model.SerializeToString(), PATH)
    assert (look.name, look.state) == ("Clouds", {"before": "painting"})
    image = np.full((64, 64, 3), 0.5, np.float32)
    painting, guide = look.paint_and_guide(image)
    assert guide.shape == (64, 64, 1)
    assert np.abs(look.paint(image) - painting).max() > 0.1
    without = with_state(ModelProto.FromString(look_bytes()), {})
    assert "takes 2 inputs; a look takes one image" in refusal(without.SerializeToString())


def test_the_guide_is_the_output_that_is_no_state() -> None:
    model = smoothed_guide()
    outputs = {value.name: value for value in model.graph.output}
    del model.graph.output[:]
    model.graph.output.extend(outputs[name] for name in ("painting", "seen_next", "before_next", "guide"))
    look = read_look(model.SerializeToString(), PATH)
    assert look.state == {"seen": "seen_next", "before": "before_next"}
    assert look._guide_place == 3


def test_a_network_with_state_is_no_strangers_file_to_convert() -> None:
    adapted = read_network(mixing().SerializeToString(), PATH)
    assert adapted.look.state["last"] == "painting"
    assert not list(adapted.sentences())


PICTURE = (1, 3, 16, 16)


def faulty(state: Any, **constants: Any) -> bytes:
    """A look with this state, and with inputs that nothing reads and that have these initializers."""
    nodes = [
        helper.make_node("Add", ["image", "last"], ["sum"]),
        helper.make_node("Mul", ["sum", "k"], ["painting"]),
        helper.make_node("GlobalAveragePool", ["painting"], ["mean"]),
        helper.make_node("Relu", ["painting"], ["next"]),
    ]
    model = stateful(
        nodes,
        inputs={"image": PICTURE, "last": PICTURE, "k": (), **dict.fromkeys(constants, PICTURE)},
        outputs={"painting": PICTURE, "next": PICTURE, "mean": (1, 3, 1, 1)},
        constants=constants,
        state=state,
    )
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (faulty("last"), "has state that is no JSON object"),
        (faulty(["last"]), "has state that is no JSON object"),
        (faulty({"last": 3}), "has state that is no JSON object"),
        (faulty("[" * 100_000), "has state that is no JSON object"),
        (faulty({"old": "next"}), "has state for an input old, which it lacks"),
        (faulty({"last": "sum"}), "has state from an output sum, which it lacks"),
        (faulty({f"s{i}": "next" for i in range(65)}), "has state of 65 tensors; a look keeps up to 64"),
        (faulty({"k": "mean"}), "has state k, a single number and so a live input"),
        (
            faulty({"last": "mean"}),
            "has state last of 1 x 3 x 16 x 16, but its next value, mean, is 1 x 3 x 1 x 1",
        ),
        (faulty({"image": "next", "last": "next"}), "has its picture, image, as state"),
        (
            faulty({"unread": "next"}, unread=np.zeros((1, 3, 1, 1))),
            "is not valid ONNX",
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_each_fault_has_its_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


def test_an_output_may_be_the_next_value_of_two() -> None:
    look = read_look(faulty({"last": "painting"}), PATH)
    assert look.run(np.zeros((16, 16, 3), np.float32))[0].max() == 0
    model = onnx.load_from_string(faulty({"last": "next"}))
    model.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, PICTURE))
    model.metadata_props[0].CopyFrom(
        StringStringEntryProto(key="limner.state", value='{"last": "next", "other": "next"}')
    )
    assert set(read_look(model.SerializeToString(), PATH).state) == {"last", "other"}
