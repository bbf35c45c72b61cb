"""The doctor's rules: they turn the figures of a data set into sentences with advice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Literal

import numpy as np

from limner.data import kinds
from limner.data.checks.thumbnails import Thumbnail
from limner.data.images import MAX_ASPECT_RATIO
from limner.data.report import (
    FEW_PICTURES,
    damaged_sentence,
    describe_skipped,
    duplicates_sentence,
    first_page_sentence,
    list_some,
    plural,
)
from limner.data.sources import Skipped
from limner.display import printable, readable_size

Level = Literal["good", "note", "warning", "problem"]

ENOUGH = 800
"""*Learning to See* was trained on sets of about 800 to 1,000 pictures (Akten, 2019)."""

ONE_PICTURE = 1.2
"""Below this effective number, a set is one picture: moving water and a nearly still camera give 1.1."""

ONE_TAKE = 5.0
"""Below this effective number, a set is like one take of a video: the measured takes have 1.1 to 4.3."""

UNPREDICTABLE_COLOUR = -0.05
"""Below this predictability, grey says nothing about colour: flowers of five kinds, CIFAR-10."""

_BLACK = 0.06
_BLANK = 0.02
_GREY = 0.02
_BAR = 0.006


@dataclass(frozen=True)
class Finding:
    """One finding about the data set: a sentence for people, and advice."""

    level: Level
    sentence: str
    advice: str = ""

    def to_json(self) -> dict[str, object]:
        """The fields as strings."""
        return asdict(self)


@dataclass(frozen=True)
class SubjectShare:
    """One of several subjects."""

    share: float
    """Of the pictures, 0..1."""
    example: str
    """The name of a picture that is typical of it."""


@dataclass(frozen=True)
class DatasetStats:
    """The figures that the findings are made from."""

    pixels: int
    short_side: int
    pictures: int
    """Pictures that training would use: the stills and the squares from all frames taken."""
    stills: int
    videos: int
    """Videos and animated pictures."""
    duplicates: int
    """Files that are exact copies of another file; their picture counts once."""
    first_pages: int
    """Files with several pages, of which the first is used."""
    damaged: tuple[Skipped, ...]
    """Clips that give only a part of their frames: name and what is left out."""
    skipped: tuple[Skipped, ...]
    near_duplicates: tuple[tuple[str, ...], ...]
    """Groups of stills that are nearly the same picture, by name."""
    vendi_score: float
    colour_predictability: float
    """See `limner.data.checks.diversity`."""
    subjects: tuple[SubjectShare, ...]
    """The largest first; empty where they were not looked for. See `limner.data.checks.subjects`."""
    subjects_overlap: bool
    store_bytes: int

    def to_json(self) -> dict[str, object]:
        """The fields as plain lists, strings and numbers, by the keys of `limner doctor --json`."""
        renamed = {
            "skipped": "passed_over",
            "vendi_score": "effective",
            "colour_predictability": "told_colour",
        }
        figures = {renamed.get(name, name): value for name, value in asdict(self).items()}
        return figures | {
            "passed_over": [(printable(name), printable(reason)) for name, reason in self.skipped],
            "damaged": [(printable(name), printable(reason)) for name, reason in self.damaged],
            "near_duplicates": [[printable(name) for name in group] for group in self.near_duplicates],
            "subjects": [[subject.share, printable(subject.example)] for subject in self.subjects],
        }


Rule = Callable[[DatasetStats, Sequence[Thumbnail]], Iterator[Finding]]


def run_rules(stats: DatasetStats, thumbnails: Sequence[Thumbnail]) -> tuple[Finding, ...]:
    """All findings, in a fixed order."""
    if not thumbnails:
        return (*_count(stats, thumbnails), *_unreadable(stats, thumbnails))
    return tuple(finding for rule in _RULES for finding in rule(stats, thumbnails))


def _count(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    count = stats.pictures
    sentence = f"{plural(count, 'picture', 'pictures')} can be used."
    if stats.videos:
        stills = plural(stats.stills, "still", "stills")
        videos = plural(stats.videos, "video or animated picture", "videos and animated pictures")
        sentence = f"{sentence[:-1]}, from {f'{stills} and ' if stats.stills else ''}{videos}."
    if count < 2:
        yield Finding("problem", sentence, "At least 2 are needed, and 200 or more are recommended.")
    elif count < FEW_PICTURES:
        yield Finding(
            "warning",
            sentence,
            "These are few: the network will overfit. 200 or more are better, and 800 to 1,000 are best.",
        )
    elif count < ENOUGH:
        yield Finding("note", sentence, "That is enough to train on; the artists used 800 to 1,000.")
    else:
        yield Finding("good", sentence)


def _unreadable(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    for is_own in (False, True):
        files = [file for file in stats.skipped if _is_own(file) == is_own]
        yield from (Finding("note" if is_own else "warning", line) for line in describe_skipped(files))


def _is_own(skipped: Skipped) -> bool:
    """Whether limner wrote this file, so that nothing is missing without it."""
    return kinds.find_by_reason(skipped[1]) in kinds.LIMNER_KINDS.values()


def _damaged(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    if stats.damaged:
        yield Finding("warning", damaged_sentence(stats.damaged))


def _first_pages(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    if stats.first_pages:
        yield Finding("note", first_page_sentence(stats.first_pages))


def _copies(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    if stats.duplicates:
        yield Finding("note", duplicates_sentence(stats.duplicates))


def _sizes(stats: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    shorts = [min(t.width, t.height) for t in thumbnails]
    sentence = f"Short sides are {min(shorts):,} to {max(shorts):,} pixels, median {median(shorts):,.0f}"
    small = sum(short < stats.pixels for short in shorts)
    tight = sum(short < stats.short_side for short in shorts)
    if small > 0.1 * len(shorts):
        yield Finding(
            "warning",
            f"{sentence}; {100 * small / len(shorts):.0f} % have fewer than the {stats.pixels} pixels "
            "of the painting.",
            "They will look soft: find larger ones, or train with fewer pixels.",
        )
    elif tight > 0.1 * len(shorts):
        yield Finding(
            "note",
            f"{sentence}; {stats.short_side} or more would leave room to crop.",
            "They will be enlarged a little.",
        )
    else:
        yield Finding("good", f"{sentence}.")


def _shapes(_: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    long = [
        t.name for t in thumbnails if max(t.width, t.height) > MAX_ASPECT_RATIO * min(t.width, t.height)
    ]
    if long:
        yield Finding(
            "note",
            f"{plural(len(long), 'picture is', 'pictures are')} more than {MAX_ASPECT_RATIO} times as long "
            f"as wide: {_list(long)}.",
            "Only the middle is used.",
        )


def _duplicates(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    groups = stats.near_duplicates
    copies = sum(len(group) - 1 for group in groups)
    if not copies:
        return
    listed = [" = ".join(group[:4]) + (" = ..." if len(group) > 4 else "") for group in groups]
    level: Level = "warning" if copies > 0.05 * stats.stills else "note"
    yield Finding(
        level,
        f"{plural(copies, 'picture is', 'pictures are')} nearly the same as another: "
        f"{_list(listed, '; ')}.",
        "Keep one of each: a copy counts twice in training, or leaks into the held-out split.",
    )


def _diversity(stats: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    effective = stats.vendi_score
    sentence = f"The pictures are as varied as {effective:,.1f} entirely different ones"
    if len(thumbnails) < 10:
        return
    if effective < ONE_PICTURE:
        yield Finding(
            "warning",
            f"{sentence}: that is one picture over and over.",
            "The network will paint that picture whatever the camera sees: add others.",
        )
    elif effective < ONE_TAKE:
        yield Finding(
            "note",
            f"{sentence}, as in one take of a video.",
            "The network will react little to the camera: add more places, light and framings.",
        )
    else:
        yield Finding("good", f"{sentence}.")


def _colour_predictability(stats: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    if len(thumbnails) < 50:
        return
    sentence = f"Brightness predicts {100 * max(0.0, stats.colour_predictability):.0f} % of the colour"
    if stats.colour_predictability < UNPREDICTABLE_COLOUR:
        yield Finding(
            "note",
            f"{sentence}: bright and dark parts can have any colour in these pictures.",
            "Colours may turn brown: pictures of one subject in one kind of light give clearer colours.",
        )
    else:
        yield Finding("good", f"{sentence}.")


def _subjects(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    if not stats.subjects:
        return
    if len(stats.subjects) == 1:
        yield Finding("good", "The pictures have one subject.")
        return
    listed = _list([f"{100 * each.share:.0f} % like {each.example}" for each in stats.subjects])
    what = "kinds that overlap" if stats.subjects_overlap else "subjects"
    yield Finding(
        "note" if stats.subjects_overlap else "warning",
        f"The pictures are of {len(stats.subjects)} {what}: {listed}.",
        "Few pictures of one subject learn in minutes what many subjects together do not learn in an hour. "
        "--split FOLDER lists the pictures of each, for a look of its own.",
    )


def _colours(_: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    grey = [t.name for t in thumbnails if t.colourfulness < _GREY]
    fraction = len(grey) / len(thumbnails)
    if fraction > 0.9:
        yield Finding("note", "The pictures are grey.", "The network will paint in grey.")
    elif fraction > 0.05:
        yield Finding(
            "warning",
            f"{100 * fraction:.0f} % of the pictures are grey among others in colour: {_list(grey)}.",
            "Colours will fade: keep either the grey pictures or the colour pictures.",
        )


def _light(_: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    black = [t.name for t in thumbnails if float(t.grey.mean()) < _BLACK]
    blank = [t.name for t in thumbnails if t.contrast < _BLANK and t.name not in set(black)]
    for names, fault in ((black, "nearly black"), (blank, "blank or nearly so")):
        if names:
            fraction = len(names) / len(thumbnails)
            yield Finding(
                "problem" if fraction > 0.9 else "warning" if fraction > 0.02 else "note",
                f"{plural(len(names), 'picture is', 'pictures are')} {fault}: {_list(names)}.",
                "There is nothing to learn from them: leave them out.",
            )


def _bars(_: DatasetStats, thumbnails: Sequence[Thumbnail]) -> Iterator[Finding]:
    barred = [t.name for t in thumbnails if _has_bars(t)]
    if len(barred) > 0.01 * len(thumbnails):
        yield Finding(
            "note",
            f"{plural(len(barred), 'picture has', 'pictures have')} an entirely black edge: "
            f"{_list(barred)}.",
            "If those are bars, crop them: the network would paint bars too.",
        )


def _has_bars(thumbnail: Thumbnail) -> bool:
    grey = thumbnail.grey
    middle = float(grey[4:12, 4:12].mean())
    ends = (grey[[0, -1], :], grey[:, [0, -1]])
    return middle > 0.15 and any(float(np.max(end)) < _BAR for end in ends)


def _store(stats: DatasetStats, _: Sequence[Thumbnail]) -> Iterator[Finding]:
    size = readable_size(stats.store_bytes)
    yield Finding("good", f"Prepared for {stats.pixels} pixels, they take {size} of disk space.")


def _list(names: Sequence[str], joint: str = ", ") -> str:
    return printable(list_some(names, joint))


_RULES: tuple[Rule, ...] = (
    _count,
    _unreadable,
    _damaged,
    _first_pages,
    _copies,
    _sizes,
    _shapes,
    _duplicates,
    _diversity,
    _colour_predictability,
    _subjects,
    _colours,
    _light,
    _bars,
    _store,
)
