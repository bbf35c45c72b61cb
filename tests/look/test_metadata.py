"""Metadata is the same after writing and reading it."""

import pytest
from onnx import ModelProto

from helpers.names import LATIN1, SHOWN
from helpers.strangers import NESTED_JSON
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


def test_metadata_round_trip() -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    assert [prop.key for prop in model.metadata_props] == [f"limner.{key}" for key in KEYS]
    metadata = read_metadata(ModelProto.FromString(model.SerializeToString()))
    assert metadata == FULL
    assert metadata is not None
    assert list(metadata.live) == ["detail", "contrast"]


def test_writing_again_replaces_the_metadata() -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    write_metadata(model, Metadata(pixels=64))
    assert read_metadata(model) == Metadata(pixels=64)


def test_control_characters_are_removed() -> None:
    model = ModelProto()
    write_metadata(model, Metadata(pixels=64, name="Red\x1b[31m\nAlert\0"))
    metadata = read_metadata(model)
    assert metadata is not None
    assert metadata.name == "Red [31m Alert"


def test_odd_bytes_are_replaced() -> None:
    model = ModelProto()
    write_metadata(model, Metadata(pixels=64, author=LATIN1))
    metadata = read_metadata(ModelProto.FromString(model.SerializeToString()))
    assert metadata is not None
    assert metadata.author == SHOWN


def test_another_programs_file_has_no_metadata() -> None:
    model = ModelProto(producer_name="pytorch")
    model.metadata_props.add(key="author", value="somebody")
    assert read_metadata(model) is None


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_required(key: str) -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    kept = [prop for prop in model.metadata_props if prop.key != f"limner.{key}"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    with pytest.raises(LimnerError, match=f"its metadata lacks {key}"):
        read_metadata(model)


@pytest.mark.parametrize("value", NESTED_JSON)
def test_figures_that_are_nested_too_deeply_are_damage(value: str) -> None:
    model = ModelProto()
    write_metadata(model, FULL)
    (figures,) = [prop for prop in model.metadata_props if prop.key == "limner.figures"]
    figures.value = f'{{"a": {value}}}'
    with pytest.raises(LimnerError, match="has damaged metadata"):
        read_metadata(model)
