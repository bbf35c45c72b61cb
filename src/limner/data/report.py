"""What became of the files when pictures were prepared, in figures and in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from limner.data.sources import Skipped
from limner.data.store import ImageStore

FEW_PICTURES = 100
"""Below this many pictures a network learns them by heart; 800 to 1,000 is what the artists used."""

_NAMED = 8


@dataclass(frozen=True)
class PrepareReport:
    """The result of `limner.data.prepare.prepare`."""

    pictures: int
    decoded: int
    """Pictures that were decoded this time."""
    reused: int
    """Pictures that were taken from the earlier store."""
    training: int
    held_out: int
    short_side: int
    enlarged: int
    """Pictures with fewer pixels than are needed."""
    trimmed: int
    """Pictures of which only the middle is kept, since they are more than four times as long as wide."""
    duplicates: int
    """Files whose bytes another file has as well; kept once."""
    videos: int
    skipped: tuple[Skipped, ...]
    """Files that gave no picture: name and reason."""
    bytes: int
    """Size of the store."""

    @classmethod
    def of(cls, pictures: ImageStore, skipped: Sequence[Skipped], *, decoded: int) -> "PrepareReport":
        """The report on a store, of which `decoded` pictures are new."""
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
        """The report for people: what is there first, then what deserves a look."""
        said = [
            f"{self.pictures:,} pictures are ready ({self.bytes / 1e6:,.0f} MB): {self.training:,} to "
            f"train on, {self.held_out:,} held out."
        ]
        if self.reused:
            said.append(f"{self.reused:,} of them were already prepared.")
        if self.videos:
            said.append(f"{plural(self.videos, 'video', 'videos')} gave frames.")
        if self.enlarged:
            said.append(
                f"{plural(self.enlarged, 'picture is', 'pictures are')} smaller than "
                f"{self.short_side} pixels and had to be enlarged: larger originals would be sharper."
            )
        if self.trimmed:
            said.append(
                f"Of {plural(self.trimmed, 'very long picture', 'very long pictures')} only the "
                "middle is kept."
            )
        if self.duplicates:
            copies = plural(self.duplicates, "file is an exact copy", "files are exact copies")
            said.append(f"{copies} of another and left out.")
        if self.skipped:
            said.append(self._skipped_sentence())
        if self.pictures < FEW_PICTURES:
            said.append(
                "That is few pictures: 200 or more give a better network, and 800 to 1,000 the best."
            )
        return tuple(said)

    def _skipped_sentence(self) -> str:
        named = "; ".join(f"{name} {reason}" for name, reason in self.skipped[:_NAMED])
        more = len(self.skipped) - _NAMED
        return f"{plural(len(self.skipped), 'file was', 'files were')} passed over: {named}" + (
            f"; and {more} more." if more > 0 else "."
        )


def plural(count: int, one: str, many: str) -> str:
    """`1 file is`, `2,000 files are`."""
    return f"{count:,} {one if count == 1 else many}"
