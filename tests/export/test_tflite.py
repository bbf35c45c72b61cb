"""The export for LiteRT: LiteRT's paintings, and the alignment of constants in the file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from helpers.looks import edge_padded_bytes, look_file, strided_bytes
from limner.errors import LimnerError
from limner.export.tflite import write_tflite
from limner.export.tflite_operators import ALIGNMENT
from limner.look.look import open_look, read_look
from limner.look.session import make_session


def paint_with_litert(
    path: Path, image: NDArray[np.float32], names: tuple[str, str] = ("image", "painting")
) -> NDArray[np.float32]:
    """The painting (H, W, 3)."""
    interpreter = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    runner = interpreter.Interpreter(str(path)).get_signature_runner("serving_default")
    painting: NDArray[np.float32] = runner(**{names[0]: image[None]})[names[1]][0]
    return painting


@pytest.mark.parametrize("guide", ["soft", "edges", "colour"])
def test_litert_paints_the_same_as_onnx_runtime(guide: Any, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    look = open_look(look_file(tmp_path, guide))
    write_tflite(look, tmp_path / "look.tflite")
    image = np.random.default_rng(5).random((64, 64, 3), dtype=np.float32)
    image[:16], image[-16:, 32:] = 0, 1
    painting = paint_with_litert(tmp_path / "look.tflite", image)
    np.testing.assert_allclose(painting, look.paint(image), rtol=0, atol=1e-4)
    assert np.ptp(painting) > 0.5


@pytest.mark.parametrize("content", [strided_bytes(), edge_padded_bytes()])
def test_paints_other_paddings_and_strides(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    look = read_look(content, tmp_path / "other.onnx")
    write_tflite(look, tmp_path / "look.tflite")
    image = np.random.default_rng(5).random((32, 32, 3), dtype=np.float32)
    found = paint_with_litert(tmp_path / "look.tflite", image, ("x", "y"))
    right = make_session(look.content, look.path).run(None, {"x": image.transpose(2, 0, 1)[None]})[0][0]
    np.testing.assert_allclose(found, right.transpose(1, 2, 0), rtol=0, atol=1e-4)


def test_constants_have_the_alignment_of_the_schema(tmp_path: Path) -> None:
    schema = pytest.importorskip(
        "ai_edge_litert.schema_py_generated", reason="ai-edge-litert is not installed"
    )
    write_tflite(open_look(look_file(tmp_path)), tmp_path / "look.tflite")
    content = (tmp_path / "look.tflite").read_bytes()
    assert content[4:8] == b"TFL3"
    model = schema.Model.GetRootAs(content)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    assert buffers[0].DataIsNone()
    starts = [buffer._tab.Vector(buffer._tab.Offset(4)) for buffer in buffers[1:]]
    assert len(starts) > 30
    assert all(start % ALIGNMENT == 0 for start in starts)


def test_without_the_package_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    look = open_look(look_file(tmp_path))
    with pytest.raises(LimnerError, match=r"pip install 'limner\[bench\]'"):
        write_tflite(look, tmp_path / "look.tflite")
