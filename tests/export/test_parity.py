"""Parity between torch and ONNX Runtime, for every kind of look."""

from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from onnx import ModelProto, numpy_helper

from helpers.files import scene
from helpers.looks import edge_graph, edge_module, graph, module, recipe
from limner.errors import LimnerError
from limner.export.parity import (
    MAX_DIFFERENCE,
    check_engine_parity,
    check_torch_parity,
    live_settings,
    make_probes,
)
from limner.export.torch_export import infer_and_check
from limner.look.quantization import quantize_weights
from limner.look.session import make_session
from limner.look.storage import STORAGES
from limner.networks.compact_unet import CONFIGS
from limner.recipe import GuideName, Size, Upsampling

SIZES, GUIDES, UPSAMPLINGS = get_args(Size), get_args(GuideName), get_args(Upsampling)
QUICK = {("lean", guide, "nearest") for guide in GUIDES} | {("small", "soft", "transposed")}
EVERY = [
    pytest.param(*kind, marks=() if kind in QUICK else pytest.mark.slow)
    for kind in product(SIZES, GUIDES, UPSAMPLINGS)
    if kind[0] not in CONFIGS or kind[2] == "nearest"
]


@pytest.mark.parametrize(("size", "guide", "upsampling"), EVERY)
def test_every_kind_of_look_agrees_in_every_storage(size: Any, guide: Any, upsampling: Any) -> None:
    the_recipe = recipe(size, guide, upsampling)
    pictures = make_probes([np.asarray(scene(90, 70))], 64)
    for storage in STORAGES:
        model = infer_and_check(quantize_weights(graph(the_recipe), storage))
        parity = check_torch_parity(module(the_recipe), model, pictures)
        assert parity.difference <= MAX_DIFFERENCE
        assert parity.pictures == 5
    if size == "large":  # 100 MB each: do not keep them
        graph.cache_clear()
        module.cache_clear()


def test_a_network_that_repeats_the_edge_agrees_in_every_storage() -> None:
    kinds = [node.op_type for node in edge_graph().graph.node if not node.name.startswith("guide.")]
    assert (kinds.count("Pad"), kinds.count("Resize"), kinds.count("Conv")) == (6, 2, 6)
    pictures = make_probes([np.asarray(scene(90, 70))], 64)
    for storage in STORAGES:
        model = infer_and_check(quantize_weights(edge_graph(), storage))
        assert check_torch_parity(edge_module(), model, pictures).difference <= MAX_DIFFERENCE


@pytest.mark.browser
def test_the_engine_agrees_on_a_network_that_repeats_the_edge() -> None:
    model = infer_and_check(quantize_weights(edge_graph(), "uint8"))
    parity = check_engine_parity(model, make_probes([np.asarray(scene(90, 70))], 64)[-1:])
    assert not isinstance(parity, str)
    assert parity.difference <= MAX_DIFFERENCE


def graph_with_scaled_guide(factor: float) -> ModelProto:
    model = ModelProto()
    model.CopyFrom(graph(recipe()))
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "guide.up")
    tensor.CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(factor), tensor.name)
    )
    return model


def test_a_graph_that_computes_something_else_is_refused() -> None:
    pictures = make_probes([], 64)
    with pytest.raises(
        LimnerError, match=r"differs from its network by 0\.\d+; at most 0\.0001 is allowed"
    ):
        check_torch_parity(module(recipe()), graph_with_scaled_guide(1.01), pictures)
    with pytest.raises(LimnerError, match="differs from its network by nan"):
        check_torch_parity(module(recipe()), graph_with_scaled_guide(np.nan), pictures)


def test_live_inputs_are_overridable_and_agree_with_torch() -> None:
    model = graph(recipe())
    session = make_session(model.SerializeToString(), Path("clouds.onnx"))
    assert [entry.name for entry in session.get_inputs()] == ["image"]
    overridable = session.get_overridable_initializers()
    assert [(entry.name, entry.shape) for entry in overridable] == [
        (name, []) for name in ("brightness", "contrast", "levels")
    ]
    image = np.random.default_rng(2).random((1, 3, 64, 64), dtype=np.float32)
    plain = session.run(["painting"], {"image": image})[0]
    for name, value in (("brightness", 0.3), ("contrast", 2.0), ("levels", 0.2)):
        changed = session.run(["painting"], {"image": image, name: np.array(value, np.float32)})[0]
        values = [
            torch.tensor(value if live_name == name else live.default)
            for live_name, live in module(recipe()).live.items()
        ]
        with torch.no_grad():
            expected = module(recipe())(torch.from_numpy(image), *values)[0].numpy()
        np.testing.assert_allclose(changed, expected, rtol=0, atol=MAX_DIFFERENCE)
        assert np.abs(changed - plain).max() > 0.01


def test_live_settings_cover_defaults_and_both_ends() -> None:
    defaults, low, high = live_settings(module(recipe()))
    assert defaults == {"brightness": 0, "contrast": 1, "levels": 1}
    assert all(low[name] < high[name] for name in defaults)


def test_probes_have_noise_and_flat_pictures() -> None:
    pictures = make_probes([np.full((80, 100, 3), 51, np.uint8)] * 9, 64)
    assert len(pictures) == 8
    assert {picture.shape for picture in pictures} == {(1, 3, 64, 64)}
    flat = {round(float(picture.mean()), 3) for picture in pictures if picture.std() < 1e-6}
    assert flat == {0.0, 0.2, 0.5, 1.0}
