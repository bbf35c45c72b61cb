"""Memorising tells copies of training pictures from new pictures."""

from __future__ import annotations

import math

from helpers.drawn import drawn
from limner.evaluation.judge import Judge
from limner.evaluation.memorising import make_copies, measure_memorising


def test_copies_have_0_and_new_pictures_1(judge: Judge) -> None:
    training, held_out = drawn(1), drawn(2)
    learned, new, copied = map(judge.features, (training, held_out, make_copies(training)))
    memorised = judge.features(make_copies(training).roll(1, 0) * 0.95)
    assert measure_memorising(memorised, new, learned, copied, seed=0).high < 0.5
    others = measure_memorising(judge.features(drawn(3)), new, learned, copied, seed=0)
    assert 0.7 < others.low < 1 < others.high < 1.3


def test_held_out_pictures_that_were_learned_determine_nothing(judge: Judge) -> None:
    learned, copied = judge.features(drawn(1)), judge.features(make_copies(drawn(1)))
    assert math.isnan(measure_memorising(learned, learned, learned, copied, seed=0).value)


def test_a_copy_is_mirrored_cropped_and_of_the_same_size() -> None:
    picture = drawn(1)[:1]
    copy = make_copies(picture)
    assert copy.shape == picture.shape
    assert (copy.flip(3) - picture).abs().mean() < 0.5 * (copy - picture).abs().mean()
