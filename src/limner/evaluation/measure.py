"""Measure a painter: all figures of this folder, of one painting of each held-out picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from torch import Tensor

from limner.evaluation.batches import map_batches
from limner.evaluation.border import measure_border
from limner.evaluation.diversity import measure_diversity
from limner.evaluation.equivariance import MAX_PSNR, SHIFTS, crop_middle, measure_equivariance
from limner.evaluation.flicker import measure_flicker
from limner.evaluation.grid import measure_grid
from limner.evaluation.judge import NO_JUDGE, Judge, shrink
from limner.evaluation.kid import measure_kid
from limner.evaluation.l1 import measure_l1
from limner.evaluation.memorising import make_copies, measure_memorising
from limner.evaluation.noise_gain import measure_noise_gain
from limner.evaluation.paint import Paint, Painter
from limner.evaluation.pictures import HeldOut
from limner.evaluation.report import Figure, Report, relative_figures
from limner.evaluation.samples import evenly_spaced
from limner.evaluation.sensitivity import measure_sensitivity
from limner.evaluation.spectrum import measure_spectrum
from limner.progress import Progress, no_progress

MAX_MOVED = 32
"""Most pictures in which the camera moves: each is painted 13 times."""

NO_TRAINING = "Memorising is left out: it needs the training pictures. Name their folder with --training."


def measure(
    painter: Painter,
    held_out: HeldOut,
    *,
    training: Tensor | None,
    clips: Mapping[str, Tensor],
    levelled: Painter,
    judge: Judge | None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Report:
    """Measure what `painter` makes of held-out pictures, and `levelled`, which has auto-levels, of clips.

    `training` are training pictures (M, 3, Q, Q) of any side, `clips` frames (F, 3, P, P) by their names.
    A figure that lacks its pictures or the judge is left out, with a sentence. The same arguments give the
    same figures.
    """
    moved = evenly_spaced(range(len(held_out.inputs)), MAX_MOVED)
    total = 2 * len(held_out.inputs) + (1 + 4 * len(SHIFTS)) * len(moved) + sum(map(len, clips.values()))
    count = _PaintingCount(total, progress)
    paint, guide = count.watch(painter.paint), painter.guide
    inputs, real = crop_middle(held_out.inputs), crop_middle(held_out.targets)
    paintings, guides = paint(inputs), guide(inputs)
    figures = [
        *([] if judge is None else _judge(judge, paintings, real, training, seed=seed, progress=progress)),
        *_compare(paintings, real, seed),
        *_move(paint, guide, held_out.inputs[moved], seed),
        Figure("noise_gain", "noise gain", 0, measure_noise_gain(paint, inputs, paintings, seed)),
        Figure("camera_sensitivity", "camera sensitivity", 1, measure_sensitivity(paintings, guides, seed)),
    ]
    for name, frames in clips.items():
        flicker = measure_flicker(count.watch(levelled.paint)(frames), levelled.guide(frames), seed)
        figures.append(Figure(f"flicker_{name}", f"flicker: {name}", 1, flicker))
    return Report(
        pictures=len(real),
        training_pictures=0 if training is None else len(training),
        judge=None if judge is None else judge.name,
        figures=tuple(figures),
        left_out=tuple(_left_out(training, judge)),
    )


def _judge(
    judge: Judge,
    paintings: Tensor,
    real: Tensor,
    training: Tensor | None,
    *,
    seed: int,
    progress: Progress,
) -> Iterator[Figure]:
    """The figures that compare features of a trained network."""
    steps = 4 if training is None else 6
    painted_patches = judge.patch_features(paintings)
    progress(1, steps, "Judging")
    real_patches = judge.patch_features(real)
    progress(2, steps, "Judging")
    yield Figure("kid_x1000", "KID x 1000", 0, measure_kid(painted_patches, real_patches, seed))
    painted, pictured = judge.picture_features(paintings), judge.picture_features(real)
    progress(4, steps, "Judging")
    yield Figure("diversity_to_real", "diversity, to real", 1, measure_diversity(painted, pictured, seed))
    if training is None:
        return
    small = shrink(training)
    learned = judge.features(small)
    progress(5, steps, "Judging")
    copied = judge.features(make_copies(small[evenly_spaced(range(len(small)), len(real))]))
    progress(6, steps, "Judging")
    ratio = measure_memorising(painted, pictured, learned, copied, seed)
    yield Figure("memorising_ratio", "memorising", 1, ratio)


def _compare(paintings: Tensor, real: Tensor, seed: int) -> Iterator[Figure]:
    """The figures that compare pixels."""
    spectrum = measure_spectrum(paintings, real, seed)
    yield Figure("spectrum_rms_db", "spectrum, rms, dB", 0, spectrum.rms)
    yield Figure("top_octave_db", "top octave, dB", 0, spectrum.top_octave)
    yield Figure("held_out_l1", "held-out L1", 0, measure_l1(paintings, real, seed))
    yield from relative_figures("border", "border", measure_border(paintings, real, seed).items())
    for name, signals in measure_grid(paintings, real, seed).items():
        yield from relative_figures(f"grid_{name.replace(' ', '_')}", f"grid, {name}", signals.items())


def _move(paint: Paint, guide: Paint, wide: Tensor, seed: int) -> Iterator[Figure]:
    for shift, moved in measure_equivariance(paint, guide, wide, seed).items():
        yield Figure(f"equivariance_loss_{shift}px_db", f"shift by {shift} px, lost dB", 0, moved.loss)
        yield Figure(f"moved_psnr_{shift}px_db", f"shift by {shift} px, PSNR, dB", MAX_PSNR, moved.psnr)


def _left_out(training: Tensor | None, judge: Judge | None) -> Iterator[str]:
    if judge is None:
        yield NO_JUDGE
    elif training is None:
        yield NO_TRAINING


class _PaintingCount:
    """Tells `progress` how many of `total` pictures are painted."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress = total, progress
        self._done = 0

    def watch(self, paint: Paint) -> Paint:
        """`paint`, a few pictures at a time and counted."""

        def count(pictures: Tensor) -> Tensor:
            paintings = paint(pictures)
            self._done += len(pictures)
            self._progress(self._done, self._total, "Painting")
            return paintings

        return partial(map_batches, count)
