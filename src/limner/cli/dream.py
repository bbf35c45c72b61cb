"""From the options of `limner dream` to its files, and what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from limner.art.deepdream import DeepDream
from limner.art.dream_film import write_dream_film
from limner.art.dream_look import write_dream_look
from limner.art.dream_network import CLASS_LAYER, DreamNetwork, read_network
from limner.art.dream_objective import Activation, ClassScore, GuideSimilarity, Objective
from limner.art.dream_options import DreamOptions, FilmOptions, check_dream, check_film
from limner.art.dreamer import DREAMING, Dreamer
from limner.cli.options import changed_options
from limner.data.arrays import center_crop
from limner.data.decode import is_clip
from limner.data.images import UnreadableFile, read_image
from limner.data.report import damaged_sentence, describe_skipped
from limner.data.sources import find_source
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.look.paint import PaintReport, paint_file_with
from limner.look.storage import Storage
from limner.networks.feature_layers import Layer
from limner.networks.features import load_squeezenet
from limner.progress import ProgressBar

GUIDE_PIXELS = 224
"""Long side of a guide: its features are compared with those of each place of the dream."""

FLASH_WARNING = (
    "Without the flash limit this film may flash more than three times a second, which can cause seizures: "
    "show it to nobody unwarned."
)


@dataclass(frozen=True)
class DreamTarget:
    """What is dreamt of."""

    layer: Layer
    channels: Sequence[int] = ()
    """Of the layer; none for all."""
    guide: Path | None = None
    network: Path | None = None
    """A file of `limner classify`; None for ImageNet's network."""
    class_name: str = ""
    """A class of the network's, in place of a layer."""


def dream_file(
    source: Path,
    out: Path | None,
    options: DreamOptions,
    film: FilmOptions,
    *,
    target: DreamTarget,
    seconds: float | None,
    force: bool,
) -> None:
    """Dream of a picture, a clip or a folder, and say where the dream is.

    Raises LimnerError for options out of range, and sources and places that cannot be used.
    """
    check_dream(options)
    check_film(film)
    of_clip = _is_clip(source, is_film=seconds is not None)
    if seconds is not None and of_clip:
        raise LimnerError(f"{source} is a clip, whose length the dream has: leave out --seconds.")
    _check_use(film, is_film=seconds is not None, of_clip=of_clip)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dream = DeepDream(_make_objective(target, device), options)
    with ProgressBar() as progress:
        dreamer = Dreamer(dream, film, device=device, progress=progress)
        if seconds is not None:
            made = write_dream_film(dreamer, source, out, seconds=seconds, force=force, progress=progress)
            report = PaintReport((made,))
        else:
            report = paint_file_with(dreamer, source, out, words=DREAMING, force=force, progress=progress)
    if (seconds is not None or of_clip) and not film.flash_limit:
        print(FLASH_WARNING)
    for sentence in describe_skipped([(path.name, reason) for path, reason in report.skipped]):
        print(sentence)
    if report.damaged:
        print(damaged_sentence([(path.name, left_out) for path, left_out in report.damaged]))
    more = ", ..." if len(report.paintings) > 5 else ""
    print(f"Dreamt: {', '.join(map(printable, report.paintings[:5]))}{more}")


def _is_clip(source: Path, *, is_film: bool) -> bool:
    """Whether a source is a clip, and neither a picture nor a folder."""
    if not source.exists():
        raise LimnerError(f"{source} does not exist.")
    if source.is_dir():
        if is_film:
            raise LimnerError(f"{source} is a folder; a film begins with one picture.")
        return False
    try:
        return is_clip(find_source(source))
    except UnreadableFile as error:
        raise LimnerError(f"{source} {error}.") from error


def _check_use(film: FilmOptions, *, is_film: bool, of_clip: bool) -> None:
    """Raise LimnerError for options that would change nothing."""
    if of_clip:
        return
    if is_film and (given := changed_options(film, FilmOptions(), "camera")):
        raise LimnerError(f"A film of one picture mixes in no clip: leave out {given[0]}.")
    if not is_film and (given := changed_options(film, FilmOptions())):
        raise LimnerError(
            f"A still has no frames: leave out {', '.join(given)}, or make a film with --seconds."
        )


def load_network(path: Path | None) -> DreamNetwork:
    """The network of a file of `limner classify`; ImageNet's for None. Raises LimnerError."""
    return DreamNetwork(load_squeezenet()) if path is None else read_network(path)


def _make_objective(target: DreamTarget, device: torch.device) -> Objective:
    loaded = load_network(target.network)
    network, guide = loaded.features.to(device), target.guide
    if target.class_name:
        assert loaded.classes is not None  # the command refuses a class without a network's file
        return ClassScore(network, loaded.classes, target.class_name)
    if guide is None:
        return Activation(network, target.layer, target.channels)
    try:
        image = read_image(guide, at_least=GUIDE_PIXELS)
    except UnreadableFile as error:
        raise LimnerError(f"{guide} {error}.") from error
    scale = GUIDE_PIXELS / max(image.size)
    width, height = (max(64, round(side * scale)) for side in image.size)
    array = center_crop(image, (width, height), whole=True)
    return GuideSimilarity(
        network, target.layer, torch.from_numpy(array.copy()).permute(2, 0, 1)[None].to(device)
    )


def dream_look(
    place: Path, target: DreamTarget, *, pixels: int, storage: Storage, flash_limit: bool, force: bool
) -> None:
    """Write the look of a layer's dream, or of a class's, and say what to do with it.

    Raises LimnerError as `write_dream_look` does.
    """
    out = place if place.suffix else place.with_suffix(".onnx")
    written = write_dream_look(
        out,
        CLASS_LAYER if target.class_name else target.layer,
        network=load_network(target.network),
        class_name=target.class_name,
        pixels=pixels,
        storage=storage,
        flash_limit=flash_limit,
        name=out.stem,
        force=force,
    )
    if not flash_limit:
        print(FLASH_WARNING.replace("film", "look"))
    print(
        f"{printable(written.path)}: {written.bytes / 1e6:.2f} MB; a step differs from torch's by "
        f"{written.difference:.1g}. See it dream: limner publish {quoted(written.path)} --out page"
    )
