"""Write the film of a dream that begins with one picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from limner.art.dreamer import DREAMING, Dreamer
from limner.data.images import UnreadableFile, read_image
from limner.errors import LimnerError
from limner.files import atomic_file
from limner.look.paint import CLIP_SUFFIXES, choose_target
from limner.look.video_writer import video_writer
from limner.progress import Progress, no_progress

FILM_FRAMES_PER_SECOND = 25

MAX_SECONDS = 3600


def write_dream_film(
    dreamer: Dreamer,
    source: Path,
    out: Path | None = None,
    *,
    seconds: float,
    force: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Dream a film of so many seconds that begins with a picture; returns its file, an H.264 clip.

    Raises LimnerError for a length out of range, a source that is no picture or too narrow, and an `out`
    that exists.
    """
    if not 0 < seconds <= MAX_SECONDS:
        raise LimnerError(f"seconds is {seconds:g}; choose a number above 0, up to {MAX_SECONDS:,}.")
    if not source.exists():
        raise LimnerError(f"{source} does not exist.")
    target = choose_target(source, out, CLIP_SUFFIXES, ending=DREAMING.ending, force=force)
    try:
        image = read_image(source, at_least=dreamer.at_least)
        dreamer.check_size(image.size, "H.264")
    except UnreadableFile as error:
        raise LimnerError(f"{source} {error}.") from error
    frames = max(2, round(seconds * FILM_FRAMES_PER_SECOND))
    film = dreamer.film(image, frames, FILM_FRAMES_PER_SECOND)
    first = next(film)
    with (
        atomic_file(target) as file,
        video_writer(
            file, target.suffix.lower(), first.size, Fraction(FILM_FRAMES_PER_SECOND)
        ) as write_frame,
    ):
        write_frame(first, 0, 1 / FILM_FRAMES_PER_SECOND)
        for number, frame in enumerate(film, start=1):
            write_frame(frame, number / FILM_FRAMES_PER_SECOND, (number + 1) / FILM_FRAMES_PER_SECOND)
            progress(number + 1, frames, "Filming")
    return target
