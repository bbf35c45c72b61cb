"""Looks that open, and everything else that people will name in place of one."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from helpers.looks import look_bytes, look_file
from limner.errors import LimnerError
from limner.look.look import MAX_FILE_BYTES, open_look, read_look
from limner.look.session import short_message


def test_an_opened_look_says_what_it_is(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    assert (look.name, look.author, look.credit, look.licence) == (
        "Clouds",
        "Ada Example",
        "Photos by Ada",
        "",
    )
    assert (look.pixels, look.size, look.guide) == (64, "lean", "soft")
    assert list(look.live) == ["brightness", "contrast", "detail"]
    assert (look.live["contrast"].minimum, look.live["contrast"].default) == (0, 1)
    assert look.recipe["upsampling"] == "nearest"
    assert look.content == look.path.read_bytes()


def test_it_paints_as_its_own_file_does_in_a_runtime(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    import onnxruntime

    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    feed = {"image": image.transpose(2, 0, 1)[None], "detail": np.array(0.5, np.float32)}
    painting, guide = onnxruntime.InferenceSession(look.content).run(None, feed)
    found, seen = look.paint_and_guide(image, detail=0.5)
    assert found.shape == (64, 64, 3)
    assert seen.shape == (64, 64, 1)
    np.testing.assert_allclose(found, painting[0].transpose(1, 2, 0), rtol=0, atol=1e-5)
    np.testing.assert_allclose(seen, guide[0].transpose(1, 2, 0), rtol=0, atol=1e-5)
    assert np.abs(found - look.paint(image)).max() > 0.01


@pytest.mark.parametrize(
    ("live", "sentence"),
    [
        ({"colour": 1.0}, "has no colour; what can be turned: brightness, contrast, detail"),
        ({"detail": 1.5}, "detail is 1.5; .* takes 0 to 1"),
        ({"contrast": float("nan")}, "contrast is nan"),
    ],
)
def test_live_values_that_it_does_not_take(tmp_path: Path, live: dict[str, float], sentence: str) -> None:
    look = open_look(look_file(tmp_path))
    with pytest.raises(LimnerError, match=sentence):
        look.paint(np.zeros((64, 64, 3), np.float32), **live)


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="paints 64 pixels"):
        open_look(look_file(tmp_path)).paint(np.zeros((32, 64, 3), np.float32))


def refused(content: bytes) -> str:
    with pytest.raises(LimnerError) as error:
        read_look(content, Path("clouds.onnx"))
    sentence = str(error.value)
    assert sentence.startswith("clouds.onnx ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_look_cut_off_anywhere_is_refused() -> None:
    content = look_bytes()
    rng = np.random.default_rng(0)
    # Every byte of the metadata's end, where what is left may still be a graph, and many before.
    ends = [*range(len(content) - 2500, len(content), 7), *rng.integers(1, len(content), 60)]
    for end in ends:
        assert "cut off" in refused(content[: int(end)])


def test_random_bytes_are_refused() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 10, 1000, 100_000):
        refused(rng.bytes(size))


def test_damage_within_never_escapes_as_anything_but_a_sentence() -> None:
    content = bytearray(look_bytes())
    rng = np.random.default_rng(1)
    opened = 0
    for _ in range(60):
        damaged = content.copy()
        for at in rng.integers(0, len(content), 30):
            damaged[int(at)] = int(rng.integers(256))
        try:
            read_look(bytes(damaged), Path("clouds.onnx"))
            opened += 1  # the bytes of weights may be anything
        except LimnerError:
            pass
    assert opened < 60


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is an empty file"),
        (pickle.dumps(Bomb(), protocol=2), "a Python pickle, which limner never opens"),
        (pickle.dumps(Bomb(), protocol=5), "a Python pickle, which limner never opens"),
        (b"PK\x03\x04" + b"0" * 100, "a PyTorch checkpoint or another archive"),
        (b"\x89PNG\r\n" + b"0" * 100, "a picture"),
        (b"this is a text about looks\n" * 10, "is not an ONNX file"),
    ],
)
def test_other_files(content: bytes, sentence: str) -> None:
    assert sentence in refused(content)


def tiny(
    gives: list[int | str], *, takes: list[int | str] | None = None, kind: int = TensorProto.FLOAT
) -> ModelProto:
    """A graph of one node between an image and whatever is wanted."""
    nodes = [helper.make_node("Relu", ["input"], ["output"])]
    shape = takes or [1, 3, 64, 64]
    if gives != shape:
        nodes = [
            helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["output"]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", kind, shape)],
        [helper.make_tensor_value_info("output", kind, gives)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_another_programs_image_network_opens_and_paints() -> None:
    look = read_look(tiny([1, 3, 64, 64]).SerializeToString(), Path("other.onnx"))
    assert (look.pixels, look.name, look.guide, dict(look.live)) == (64, "", "", {})
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    painting, guide = look.paint_and_guide(image)
    np.testing.assert_array_equal(painting, image)
    np.testing.assert_array_equal(guide, image)


def test_a_network_that_takes_any_size_paints_256() -> None:
    free: list[int | str] = ["n", 3, "h", "w"]
    look = read_look(tiny(free, takes=free).SerializeToString(), Path("other.onnx"))
    assert look.pixels == 256
    assert look.paint(np.zeros((256, 256, 3), np.float32)).shape == (256, 256, 3)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (tiny([1, 3]), "is not an image-to-image network: it gives (1, 3) in float"),
        (tiny([1, 10, 8, 8], takes=[1, 10, 8, 8]), "it takes (1, 10, 8, 8) in float"),
        (tiny([1, 3, 8, 8], takes=[1, 3, 8, 8], kind=TensorProto.DOUBLE), "in double"),
        (tiny([1, 3, 48, 64], takes=[1, 3, 48, 64]), "64 x 48 pixels; a look's are square"),
        (tiny([1, 3, 8192, 8192], takes=[1, 3, 8192, 8192]), "at most 4,096"),
        (tiny([1, 3, 10**6, 10**6], takes=[1, 3, 10**6, 10**6]), "needs 12,000.0 GB"),
    ],
)
def test_networks_that_are_no_looks(model: ModelProto, sentence: str) -> None:
    assert sentence in refused(model.SerializeToString())


def with_constant(tensor: TensorProto) -> bytes:
    model = tiny([1, 3, 64, 64])
    model.graph.initializer.append(tensor)
    return bytes(model.SerializeToString())


def test_declared_sizes_are_held_against_the_file_before_anything_allocates() -> None:
    huge = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    huge.dims[:] = [2**20, 2**20, 2**10]
    assert "declares 1,125,899,906,842,624 values for w and does not hold them" in refused(
        with_constant(huge)
    )
    huge.dims[:] = [-4]
    assert "negative size" in refused(with_constant(huge))
    inside = tiny([1, 3, 64, 64])
    node = helper.make_node(
        "Constant", [], ["unread"], value=numpy_helper.from_array(np.zeros(4, np.float32))
    )
    node.attribute[0].t.dims[:] = [2**40]
    inside.graph.node.append(node)
    assert "does not hold them" in refused(inside.SerializeToString())


def test_weights_in_other_files_are_refused() -> None:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    assert "keeps w in another file" in refused(with_constant(tensor))


@pytest.mark.parametrize(("axis", "scales"), [(5, 8), (-5, 8), (0, 3), (0, 1), (1, 8)], ids=str)
def test_scales_that_do_not_fit_their_weights_are_refused(axis: int, scales: int) -> None:
    model = tiny([1, 3, 64, 64])
    scale = numpy_helper.from_array(np.ones(scales, np.float32), "w.scale")
    zero = numpy_helper.from_array(np.zeros(scales, np.uint8), "w.zero")
    steps = numpy_helper.from_array(np.zeros((8, 3, 1, 1), np.uint8), "w.stored")
    model.graph.initializer.extend([steps, scale, zero])
    names = ["w.stored", "w.scale", "w.zero"]
    model.graph.node.append(helper.make_node("DequantizeLinear", names, ["w"], axis=axis))
    with pytest.raises(LimnerError, match=r"clouds\.onnx.*damaged|The weights of w cannot be read"):
        read_look(model.SerializeToString(), Path("clouds.onnx")).session()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "[ONNXRuntimeError] : 1 : FAIL : /onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 "
            "void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::"
            "__cxx11::basic_string<char>, int>&, bool, int) Opset 99 is under development.\nMore.",
            "Opset 99 is under development",
        ),
        ("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Protobuf parsing failed.", "Protobuf parsing failed"),
        ("Node (a/b) takes [1, 3]: too few (of 2)", "Node (a/b) takes [1, 3]: too few (of 2)"),
    ],
)
def test_what_is_for_the_makers_of_a_library_is_left_out(said: str, sentence: str) -> None:
    assert short_message(RuntimeError(said)) == sentence


def test_a_network_that_fails_when_it_runs_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    free: list[int | str] = [1, 3, "h", "w"]
    model = tiny(free, takes=free)
    model.graph.initializer.append(numpy_helper.from_array(np.array([1, 3, 8, 8]), "shape"))
    model.graph.node[0].CopyFrom(helper.make_node("Reshape", ["input", "shape"], ["output"]))
    look = read_look(model.SerializeToString(), Path("dyn.onnx"))
    with pytest.raises(LimnerError) as error:
        look.paint(np.zeros((256, 256, 3), np.float32))
    assert str(error.value).startswith("dyn.onnx cannot paint: Non-zero status code")
    assert "onnxruntime" not in str(error.value)
    assert capfd.readouterr().err == "", "it is said once"


def test_a_network_that_the_runtime_refuses_is_one_sentence() -> None:
    model = tiny([1, 3, 64, 64])
    model.graph.node[0].domain = "example.org"
    model.opset_import.append(helper.make_opsetid("example.org", 1))
    look = read_look(model.SerializeToString(), Path("dyn.onnx"))
    with pytest.raises(LimnerError, match=r"^dyn\.onnx is refused by ONNX Runtime: Fatal error: example"):
        look.paint(np.zeros((64, 64, 3), np.float32))


def test_files_that_are_not_there_folders_and_giants(tmp_path: Path) -> None:
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
        ("pixels", "128", "says other things of itself than its graph does"),
        ("pixels", "many", "has damaged metadata"),
        ("live", "{}", "says other things of itself than its graph does"),
        ("live", "[]", "has damaged metadata"),
        ("live", "[" * 100_000, "has damaged metadata"),
        ("figures", "1", "has damaged metadata"),
    ],
)
def test_metadata_that_is_wrong(key: str, value: str, sentence: str) -> None:
    model = ModelProto.FromString(look_bytes())
    next(one for one in model.metadata_props if one.key == f"limner.{key}").value = value
    assert sentence in refused(model.SerializeToString())
