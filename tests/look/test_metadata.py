"""Metadata goes into a file and comes out the same."""

import pytest
from onnx import ModelProto

from limner.errors import LimnerError
from limner.live import LiveInput
from limner.look.metadata import KEYS, Metadata, read_metadata, write_metadata

FULL = Metadata(
    name='Wolken über "Leith"',
    author="Ада",
    credit="Photos by Ada & others",
    licence="CC BY 4.0",
    pixels=256,
    size="lean",
    guide="soft",
    live={"detail": LiveInput("Detail", 0.0, 1.0, 0.25), "contrast": LiveInput("Contrast", 0.0, 3.0, 1.0)},
    recipe={"size": "lean", "learning_rate": 2e-4, "flip": True},
    figures={"parity": [{"runtime": "x", "difference": 1e-7}], "psnr": None},
)


def test_there_and_back() -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    assert [one.key for one in model.metadata_props] == [f"limner.{key}" for key in KEYS]
    back = read_metadata(ModelProto.FromString(model.SerializeToString()))
    assert back == FULL
    assert back is not None
    assert list(back.live) == ["detail", "contrast"]


def test_writing_again_replaces() -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    write_metadata(model, Metadata(pixels=64))
    assert read_metadata(model) == Metadata(pixels=64)


def test_control_characters_do_not_reach_a_terminal() -> None:
    model = ModelProto()
    write_metadata(model, Metadata(pixels=64, name="Red\x1b[31m\nAlert\0"))
    back = read_metadata(model)
    assert back is not None
    assert back.name == "Red [31m Alert"


def test_another_programs_file_has_none() -> None:
    model = ModelProto(producer_name="pytorch")
    model.metadata_props.add(key="author", value="somebody")
    assert read_metadata(model) is None


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_needed(key: str) -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    kept = [one for one in model.metadata_props if one.key != f"limner.{key}"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    with pytest.raises(LimnerError, match=f"its {key} is not there"):
        read_metadata(model)
