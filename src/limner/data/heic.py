"""HEIC through `pillow-heif`, which the extra `limner[heic]` installs; Pillow reads none."""

from functools import cache
from importlib.util import find_spec

from PIL import Image


@cache
def is_available() -> bool:
    """Whether HEIC pictures can be read here."""
    return find_spec("pillow_heif") is not None


@cache
def register() -> None:
    """Let `PIL.Image.open` read HEIC, under the format HEIF. Call only where it `is_available`."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    # Its own test knows ten brands and libheif more; `limner.data.kinds` has found that a file is HEIF.
    heif = pillow_heif.HeifImageFile
    Image.register_open(heif.format, heif)
