"""The report on preparing pictures, in figures and in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from limner.data.sources import Skipped
from limner.data.store import ImageStore

FEW_PICTURES = 100
"""Below this many pictures a network overfits; the artists used 800 to 1,000."""

_MAX_NAMED = 8


@dataclass(frozen=True)
class PrepareReport:
    """The result of `limner.data.prepare.prepare`."""

    pictures: int
    decoded: int
    """Pictures that this run decoded."""
    reused: int
    """Pictures that were copied from the earlier store."""
    training: int
    held_out: int
    short_side: int
    enlarged: int
    """Pictures that are smaller than the short side."""
    trimmed: int
    """Pictures more than four times as long as wide, of which only the middle is kept."""
    duplicates: int
    """Files that are exact copies of another file; their picture is kept once."""
    videos: int
    skipped: tuple[Skipped, ...]
    """Files that gave no picture: name and reason."""
    bytes: int
    """Size of the store."""

    @classmethod
    def of(cls, pictures: ImageStore, skipped: Sequence[Skipped], *, decoded: int) -> "PrepareReport":
        """The report on a store in which `decoded` pictures are new."""
        index = pictures.index
        unread = tuple((file.name, file.reason) for file in index.files if file.reason)
        return cls(
            pictures=len(pictures),
            decoded=decoded,
            reused=len(pictures) - decoded,
            training=len(pictures.training),
            held_out=len(pictures.held_out),
            short_side=pictures.short_side,
            enlarged=sum(entry.enlarged for entry in index.entries),
            trimmed=sum(entry.trimmed for entry in index.entries),
            duplicates=sum(file.duplicate for file in index.files),
            videos=sum(file.video and file.count > 0 for file in index.files),
            skipped=(*skipped, *unread),
            bytes=index.bytes,
        )

    def sentences(self) -> tuple[str, ...]:
        """The report for people: first the contents of the store, then what needs attention."""
        sentences = [
            f"{self.pictures:,} pictures are ready ({self.bytes / 1e6:,.0f} MB): {self.training:,} to "
            f"train on, {self.held_out:,} held out."
        ]
        if self.reused:
            sentences.append(f"{self.reused:,} of them are from the earlier preparation.")
        if self.videos:
            sentences.append(f"{plural(self.videos, 'video', 'videos')} gave frames.")
        if self.enlarged:
            sentences.append(
                f"{plural(self.enlarged, 'picture is', 'pictures are')} smaller than "
                f"{self.short_side} pixels and had to be enlarged: larger originals would be sharper."
            )
        if self.trimmed:
            sentences.append(
                f"Of {plural(self.trimmed, 'very long picture', 'very long pictures')} only the "
                "middle is kept."
            )
        if self.duplicates:
            copies = plural(self.duplicates, "file is an exact copy", "files are exact copies")
            sentences.append(f"{copies} of another file: each picture is kept once.")
        if self.skipped:
            sentences.append(self._skipped_sentence())
        if self.pictures < FEW_PICTURES:
            sentences.append(
                "These are few pictures: 200 or more give a better network, and 800 to 1,000 the best."
            )
        return tuple(sentences)

    def _skipped_sentence(self) -> str:
        named = "; ".join(f"{name} {reason}" for name, reason in self.skipped[:_MAX_NAMED])
        more = len(self.skipped) - _MAX_NAMED
        return f"{plural(len(self.skipped), 'file was', 'files were')} skipped: {named}" + (
            f"; and {more} more." if more > 0 else "."
        )


def plural(count: int, singular: str, plural_form: str) -> str:
    """`1 file is`, `2,000 files are`."""
    return f"{count:,} {singular if count == 1 else plural_form}"
