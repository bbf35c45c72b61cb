"""All figures of a painter at once: good painters and bad ones, what is left out, JSON, progress."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from helpers.drawn import PIXELS, blur, drawn, drawn_wide, show_soft
from limner.evaluation.equivariance import crop_middle
from limner.evaluation.judge import Judge
from limner.evaluation.measure import MAX_MOVED, measure
from limner.evaluation.paint import Paint, Painter
from limner.evaluation.pictures import HeldOut
from limner.evaluation.report import Report

ROOT = Path(__file__).parents[2]
HELD_OUT = HeldOut(drawn_wide(2), drawn_wide(2))
CLIP = drawn(1, pixels=PIXELS + 8, count=1)[:, :, :PIXELS, :PIXELS].repeat(4, 1, 1, 1)


def measure_pictures(paint: Paint, held_out: HeldOut, guide: Paint = show_soft, **options: Any) -> Report:
    """`measure` with what most tests here leave out."""
    given = {"training": None, "clips": {}, "judge": None} | options
    painter = Painter(paint, guide)
    return measure(painter, held_out, levelled=painter, **given)


def paint_blurred(pictures: Tensor) -> Tensor:
    return blur(pictures, 4)


def test_a_blurred_painter_is_worse_than_one_that_copies(judge: Judge) -> None:
    good, bad = (
        measure_pictures(paint, HELD_OUT, training=drawn(1), judge=judge)
        for paint in (lambda pictures: pictures, paint_blurred)
    )
    assert good.judge == judge.name and good.pictures == 32 and good.training_pictures == 32
    assert not good.left_out
    documented = (ROOT / "docs/measures.md").read_text(encoding="utf-8")
    for figure in good.figures:
        assert f"`{re.sub('[0-9]+(?=_?px)', 'N', figure.key)}`" in documented
    for key in ("kid_x1000", "spectrum_rms_db", "held_out_l1"):
        assert good.figure(key).interval.high < bad.figure(key).interval.low
    assert bad.figure("top_octave_db").interval.high < -6
    assert good.figure("grid_8_px_edges_to_real").is_within_halves()
    assert {"memorising_ratio", "diversity_to_real"} <= {figure.key for figure in good.figures}


def test_what_cannot_be_measured_is_left_out_with_a_sentence(judge: Judge) -> None:
    few = HeldOut(HELD_OUT.inputs[:4], HELD_OUT.targets[:4])
    without_judge = measure_pictures(show, few)
    assert "limner[measure]" in without_judge.left_out[0]
    assert "kid_x1000" not in {figure.key for figure in without_judge.figures}
    without_training = measure_pictures(show, few, judge=judge)
    assert "--training" in without_training.left_out[0]
    assert "memorising_ratio" not in {figure.key for figure in without_training.figures}


def show(pictures: Tensor) -> Tensor:
    return show_soft(pictures).expand(-1, 3, -1, -1)


def test_json_has_every_figure_and_null_for_what_is_not_determined() -> None:
    few = HeldOut(HELD_OUT.inputs[:4], HELD_OUT.targets[:4])
    report = measure_pictures(show, few, clips={"still": CLIP})
    assert math.isnan(report.figure("flicker_still").interval.value)
    written = json.loads(report.to_json("a look", {"threads": 1}), parse_constant=pytest.fail)
    assert written["limner.evaluation"] == 1
    assert written["figures"].keys() == {figure.key for figure in report.figures}
    assert written["figures"]["flicker_still"]["value"] is None
    assert written["figures"]["border_detail_to_real"].keys() >= {"low", "high", "is_within_halves"}


def test_clips_are_painted_by_the_camera_painter() -> None:
    black, moving = Painter(torch.zeros_like, show_soft), torch.cat([drawn(1)[:2], CLIP])
    report = measure(
        Painter(show, show_soft), HELD_OUT, training=None, clips={"c": moving}, levelled=black, judge=None
    )
    assert report.figure("flicker_c").interval.value == 0


def test_progress_counts_all_paintings_to_the_end() -> None:
    calls: list[tuple[int, int]] = []
    measure_pictures(
        show,
        HELD_OUT,
        clips={"still": CLIP},
        progress=lambda done, total, _: calls.append((done, total)),
    )
    assert calls[-1][0] == calls[-1][1] == 2 * 32 + 13 * MAX_MOVED + 4
    assert len({total for _, total in calls}) == 1


def test_targets_of_pairs_are_what_paintings_are_compared_with() -> None:
    pairs = HeldOut(HELD_OUT.inputs, HELD_OUT.inputs.flip(1))
    report = measure_pictures(lambda pictures: pictures.flip(1), pairs)
    assert report.figure("held_out_l1").interval.value == 0
    assert torch.equal(crop_middle(pairs.targets), crop_middle(pairs.inputs).flip(1))
