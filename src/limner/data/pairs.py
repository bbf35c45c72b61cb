"""Training pairs of an input and a target: halves of a picture, or files of matching names.

Free of numpy, because the command line imports it.
"""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from limner.display import printable

Side = Literal["left", "right"]
"""The half of a picture that is the input; the other half is the target."""


@dataclass(frozen=True)
class PartnerIndex:
    """The pictures of the `inputs` folder by path without suffix and by bare name, and skipped files."""

    folder: Path
    by_path: dict[str, list[Path]] = field(default_factory=dict)
    by_stem: dict[str, list[Path]] = field(default_factory=dict)
    skipped: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        """Add a picture, by its path inside the folder."""
        self.by_path.setdefault(_pair_key(name), []).append(path)
        self.by_stem.setdefault(_pair_key(path.name), []).append(path)

    def add_skipped(self, name: str, reason: str) -> None:
        """Add a file that cannot be read; the reason continues a sentence that begins with its name."""
        self.skipped.setdefault(_pair_key(name), (name, reason))

    def find(self, name: str) -> Path | None:
        """The partner of the source of this name; None if there is none, or more than one."""
        found = self._find_all(name)
        return found[0] if len(found) == 1 else None

    def why_missing(self, name: str) -> str:
        """A reason that continues a sentence that begins with the source's name."""
        if found := self._find_all(name):
            partners = " and ".join(path.relative_to(self.folder).as_posix() for path in found[:2])
            return f"has more than one partner ({partners}): keep one of them"
        if _pair_key(name) not in self.skipped:
            return f"has no partner in {printable(self.folder)}"
        partner, reason = self.skipped[_pair_key(name)]
        return f"has a partner, {partner}, which {reason}"

    def _find_all(self, name: str) -> list[Path]:
        """The files of the same path, or else those of the same name elsewhere."""
        return self.by_path.get(_pair_key(name)) or self.by_stem.get(_pair_key(Path(name).name), [])


def _pair_key(name: str) -> str:
    """The name without its suffix. macOS spells accents as letters of their own, other systems do not."""
    return unicodedata.normalize("NFC", name.removesuffix(Path(name).suffix))
