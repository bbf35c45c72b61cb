"""Filters: the file as without them, with each one as torch computes it, and what each one promises."""

from __future__ import annotations

import json
from itertools import cycle, islice, pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto
from PIL import Image as Picture

from helpers.files import video
from helpers.filters import (
    GUIDE_FILTERS,
    Freeze,
    Stillness,
    add_noise,
    frames,
    rms,
    show,
    shown_by,
    to_tensor,
)
from helpers.looks import PIXELS, look_bytes
from limner.errors import LimnerError
from limner.look.filters import choose_filters, with_filters
from limner.look.look import Image, Look, read_look
from limner.look.metadata import FILTER_DOMAIN
from limner.look.paint import paint_file
from limner.recipe import GuideName

PATH = Path("clouds.onnx")
FRAMES = 32
ELAPSED = (1 / 60, 1 / 30, 1 / 144, 1 / 60)
TOLERANCE = 1e-4


def opened(guide: GuideName = "soft", *filters: str) -> Look:
    look = read_look(look_bytes(guide), PATH)
    return with_filters(look, filters)


def moments(count: int = FRAMES) -> list[float]:
    return list(islice(cycle(ELAPSED), count))


def still_frames(count: int, noise: float) -> list[Image]:
    (still,) = frames(1, PIXELS, noise=0)
    rng = np.random.default_rng(5)
    return [add_noise(still, noise, rng) for _ in range(count)]


def test_a_look_has_them_beside_its_graph() -> None:
    look = opened()
    assert list(look.filters) == ["freeze", "stillness", *GUIDE_FILTERS]
    assert {node.domain for node in look.model.graph.node} == {""}, "the graph calls none"
    assert not look.state
    assert "elapsed" not in look.live
    functions = [function.name for function in look.model.functions if function.domain == FILTER_DOMAIN]
    assert functions == list(look.filters)
    metadata = next(entry.value for entry in look.model.metadata_props if entry.key == "limner.filters")
    used = sum(function.ByteSize() for function in look.model.functions) + len(metadata)
    assert used < 6_500, "filters are few bytes of a file"


def test_those_at_their_defaults_are_off() -> None:
    look = opened()
    assert choose_filters(look, {"stillness": 0, "brightness": 0.2}) == []
    assert choose_filters(look, {"stillness": 0.5, "freeze": 1}) == ["freeze", "stillness"]
    assert with_filters(look, []) is look


@pytest.mark.parametrize("guide", ["soft", "edges", "colour"])
def test_stillness_is_that_of_torch(guide: GuideName) -> None:
    plain, filtered, reference = opened(guide), opened(guide, "stillness"), Stillness()
    differences = []
    for image, elapsed in zip(frames(FRAMES, PIXELS), moments(), strict=True):
        painting = to_tensor(plain.run(image)[0][0].transpose(1, 2, 0))
        expected = reference(painting, shown_by(plain, image), 0.8, elapsed)
        found = filtered.run(image, stillness=0.8, elapsed=elapsed)[0]
        np.testing.assert_allclose(found, expected.numpy(), atol=TOLERANCE)
        differences.append(rms(found - painting.numpy()))
    assert differences[0] < 1e-6
    assert max(differences) > 1e-3


def test_freeze_is_that_of_torch() -> None:
    plain, filtered, reference = opened("colour"), opened("colour", "freeze"), Freeze()
    for number, image in enumerate(frames(FRAMES, PIXELS)):
        freeze = float(number % 8 > 2)
        held = reference(to_tensor(image), freeze, 1 / 60)
        expected = plain.run(held[0].numpy().transpose(1, 2, 0))[0]
        np.testing.assert_allclose(filtered.run(image, freeze=freeze)[0], expected, atol=TOLERANCE)


@pytest.mark.parametrize("name", GUIDE_FILTERS)
@pytest.mark.parametrize("guide", ["soft", "colour"])
def test_a_filter_of_the_guide_is_that_of_torch(guide: GuideName, name: str) -> None:
    plain, filtered, reference = opened(guide), opened(guide, name), GUIDE_FILTERS[name]()
    changes = []
    for image, elapsed in zip(frames(FRAMES, PIXELS), moments(), strict=True):
        shown = shown_by(plain, image)
        changed = reference(shown, 0.6, elapsed)
        live = {"elapsed": elapsed} if "elapsed" in filtered.live else {}
        painting, found = filtered.run(image, **{name: 0.6}, **live)[:2]
        np.testing.assert_allclose(found, show(plain, changed).numpy(), atol=TOLERANCE)
        changes.append(rms((changed - shown).numpy()))
        if guide == "colour":  # whose guide is a picture
            expected = plain.run(changed[0].numpy().transpose(1, 2, 0))[0]
            np.testing.assert_allclose(painting, expected, atol=1e-3)
    assert max(changes) > 0.005


def test_all_of_the_guides_filters_are_applied_in_order() -> None:
    plain, filtered = opened("edges"), opened("edges", *GUIDE_FILTERS)
    references = [make() for make in GUIDE_FILTERS.values()]
    live = dict.fromkeys(GUIDE_FILTERS, 0.4)
    for image, elapsed in zip(frames(8, PIXELS), moments(8), strict=True):
        changed = shown_by(plain, image)
        for reference in references:
            changed = reference(changed, 0.4, elapsed)
        found = filtered.run(image, **live, elapsed=elapsed)[1]
        np.testing.assert_allclose(found, changed.numpy(), atol=1e-3)


def test_a_frozen_painting_is_still_to_the_bit() -> None:
    look = opened("edges", "freeze")
    first, *others = (look.run(image, freeze=1)[0] for image in still_frames(100, 0.05))
    for other in others:
        np.testing.assert_array_equal(other, first)
    (moved,) = frames(1, PIXELS, noise=0.2, seed=9)
    assert np.abs(look.run(moved, freeze=0)[0] - first).max() > 0.01


def test_several_filters_at_once() -> None:
    both, stillness, freeze = opened("colour", "stillness", "freeze"), Stillness(), Freeze()
    plain = opened("colour")
    assert list(both.live)[-3:] == ["freeze", "stillness", "elapsed"]
    for number, (image, elapsed) in enumerate(zip(frames(FRAMES, PIXELS), moments(), strict=True)):
        freeze_now = float(number > 20)
        held = freeze(to_tensor(image), freeze_now, elapsed)[0].numpy().transpose(1, 2, 0)
        painting = to_tensor(plain.run(held)[0][0].transpose(1, 2, 0))
        expected = stillness(painting, shown_by(plain, held), 0.6, elapsed)
        found = both.run(image, stillness=0.6, freeze=freeze_now, elapsed=elapsed)[0]
        np.testing.assert_allclose(found, expected.numpy(), atol=TOLERANCE)


@pytest.mark.parametrize("guide", ["edges", "colour"])
def test_noise_hardly_changes_a_still_painting(guide: GuideName) -> None:
    plain, filtered = opened(guide), opened(guide, "stillness")
    images = still_frames(24, 2 / 255)
    shaky = [plain.run(image)[0] for image in images]
    calm = [filtered.run(image, stillness=0.8)[0] for image in images]
    changes = [max(rms(after - before) for before, after in pairwise(made[8:])) for made in (shaky, calm)]
    assert changes[1] < changes[0] / 4
    assert changes[1] <= 0.01
    assert guide != "colour" or changes[0] > 0.01, "noise of this look is seen"


@pytest.mark.parametrize("guide", ["soft", "edges", "colour"])
def test_what_moves_is_painted_within_three_frames(guide: GuideName) -> None:
    plain, filtered = opened(guide), opened(guide, "stillness")
    before, after = (frames(1, PIXELS, noise=0)[0] for _ in range(2))
    after[20:44, 20:44] = (0.1, 0.9, 0.4)
    for _ in range(10):
        filtered.run(before, stillness=0.8)
    *_, found = (filtered.run(after, stillness=0.8)[0] for _ in range(3))
    old, new = plain.run(before)[0], plain.run(after)[0]
    moved = np.s_[:, :, 20:44, 20:44]
    assert rms(new[moved] - old[moved]) > 0.05
    assert rms(found[moved] - new[moved]) < 0.02 * rms(new[moved] - old[moved])


def test_stillness_is_the_same_at_any_frame_rate() -> None:
    plain = opened("colour")
    (dark,) = frames(1, PIXELS, noise=0)
    light = dark + np.float32(1 / 255)  # less than motion
    old, new = plain.run(dark)[0], plain.run(light)[0]
    for rate in (15, 30, 60, 120):
        look = opened("colour", "stillness")
        look.run(dark, stillness=0.9, elapsed=1 / rate)
        for _ in range(rate // 5):
            found = look.run(light, stillness=0.9, elapsed=1 / rate)[0]
        np.testing.assert_allclose(found, new + 0.9**12 * (old - new), atol=1e-5)
    assert rms(new - old) > 1e-3


def test_a_gap_begins_anew() -> None:
    plain, look = opened("colour"), opened("colour", "stillness")
    first, second = frames(1, PIXELS)[0], frames(1, PIXELS, seed=8)[0]
    look.run(first, stillness=0.9)
    found = look.run(second, stillness=0.9, elapsed=10)[0]
    np.testing.assert_allclose(found, plain.run(second)[0], atol=1e-5)


def test_a_clip_tells_how_long_each_frame_was_shown(tmp_path: Path) -> None:
    (tmp_path / "clouds.onnx").write_bytes(look_bytes("colour"))
    look = read_look(look_bytes("colour"), PATH)
    source = video(tmp_path / "clip.mp4", frames=6, rate=10, size=(64, 64))
    seen: list[float] = []

    class Spy(Look):
        def run(
            self, image: Image, **live: float
        ) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
            seen.append(live.get("elapsed", 0))
            assert live["stillness"] == 0.8
            return super().run(image, **live)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("limner.look.filters.read_look", lambda *given: Spy(**vars(read_look(*given))))
        paint_file(look, source, live={"stillness": 0.8, "freeze": 0})
    assert seen == pytest.approx([0, *[0.1] * 5], abs=1e-3)
    paint_file(look, source, tmp_path / "plain.mp4", live={"stillness": 0})


def test_a_picture_is_painted_as_without_them(tmp_path: Path) -> None:
    Picture.fromarray((frames(1, PIXELS)[0] * 255).astype(np.uint8)).save(tmp_path / "a.png")
    look = opened("colour")
    before, after = (
        np.asarray(Picture.open(paint_file(look, tmp_path / "a.png", live=live).paintings[0]))
        for live in ({}, {"stillness": 0.9, "freeze": 1.0})
    )
    # What is frozen is rounded to 2^-24.
    np.testing.assert_allclose(before.astype(int), after, atol=1)


def test_faults_have_their_sentences() -> None:
    look = opened()
    with pytest.raises(LimnerError, match="has no filter sparkle; it has freeze, "):
        with_filters(look, ["sparkle"])
    with pytest.raises(LimnerError, match=r"stillness is a filter of clouds\.onnx, which is off"):
        look.run(frames(1, PIXELS)[0], stillness=0.5)
    with pytest.raises(LimnerError, match=r"stillness is 2; clouds\.onnx takes 0 to 0\.95"):
        opened("soft", "stillness").run(frames(1, PIXELS)[0], stillness=2)
    model = ModelProto.FromString(look_bytes())
    del model.functions[:]
    with pytest.raises(LimnerError, match="is cut off: it lacks its filters freeze, stillness, "):
        read_look(model.SerializeToString(), PATH)
    for text in ("[]", '{"freeze": 1}', '{"freeze": {"label": "Freeze"}}'):
        for entry in model.metadata_props:
            if entry.key == "limner.filters":
                entry.value = text
        with pytest.raises(LimnerError, match="has damaged metadata"):
            read_look(model.SerializeToString(), PATH)


def test_a_file_with_filters_in_its_graph_is_a_look_for_any_tool() -> None:
    look = opened("soft", "stillness", "freeze")
    model = ModelProto.FromString(look.content)
    assert not model.functions
    assert not look.filters
    onnx.checker.check_model(model, full_check=True)
    entries = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(entries["limner.state"])["stillness.last"] == "painting"
    assert json.loads(entries["limner.live"])["elapsed"]["default"] == pytest.approx(1 / 60)
