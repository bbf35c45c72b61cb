"""The report on preparing pictures, in figures and in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from limner.data import kinds
from limner.data.sources import Skipped
from limner.data.store import ImageStore
from limner.display import printable, readable_size

FEW_PICTURES = 100
"""Below this many pictures a network overfits; the artists used 800 to 1,000."""

_MAX_NAMED = 6


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
    """Videos and animated pictures."""
    first_pages: int
    """Files with several pages, of which the first is used."""
    damaged: tuple[Skipped, ...]
    """Clips that gave only a part of their frames: name and what is left out."""
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
            damaged=tuple((file.name, file.left_out) for file in index.files if file.left_out),
            first_pages=sum(entry.first_page for entry in index.entries),
            skipped=(*skipped, *unread),
            bytes=index.bytes,
        )

    def sentences(self) -> tuple[str, ...]:
        """The report for people: first the contents of the store, then what needs attention."""
        sentences = [
            f"{self.pictures:,} pictures are ready ({readable_size(self.bytes)}): {self.training:,} to "
            f"train on, {self.held_out:,} held out."
        ]
        if self.reused:
            sentences.append(f"{self.reused:,} of them are from the earlier preparation.")
        if self.videos:
            clips = plural(self.videos, "video or animated picture", "videos and animated pictures")
            sentences.append(f"{clips} gave frames.")
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
            sentences.append(duplicates_sentence(self.duplicates))
        if self.first_pages:
            sentences.append(first_page_sentence(self.first_pages))
        if self.damaged:
            sentences.append(damaged_sentence(self.damaged))
        sentences += describe_skipped(self.skipped)
        if self.pictures < FEW_PICTURES:
            sentences.append(
                "These are few pictures: 200 or more give a better network, and 800 to 1,000 the best."
            )
        return tuple(sentences)


def describe_skipped(skipped: Sequence[Skipped]) -> tuple[str, ...]:
    """Sentences on skipped files: one for each kind with what to do, then one for all other files."""
    by_kind: dict[kinds.ForeignKind, list[str]] = {}
    others: list[str] = []
    for name, reason in skipped:
        kind = kinds.find_by_reason(reason)
        if kind is None:
            others.append(printable(f"{name} {reason}"))
        else:
            by_kind.setdefault(kind, []).append(printable(name))
    sentences = [_kind_sentence(kind, names) for kind, names in by_kind.items()]
    if others:
        count = plural(len(others), "file is skipped", "files are skipped")
        sentences.append(f"{count}: {list_some(others, '; ')}.")
    return tuple(sentences)


def first_page_sentence(count: int) -> str:
    """That only the first page of some files is used."""
    return f"Of {plural(count, 'file', 'files')} with several pages only the first page is used."


def damaged_sentence(damaged: Sequence[Skipped]) -> str:
    """Which clips gave only a part of their frames."""
    count = plural(len(damaged), "file is used in part", "files are used in part")
    return f"{count}: {list_some([printable(f'{name} {reason}') for name, reason in damaged], '; ')}."


def duplicates_sentence(count: int) -> str:
    """That exact copies are used once."""
    copies = plural(count, "file is an exact copy", "files are exact copies")
    return f"{copies} of another file: each picture is kept once."


def _kind_sentence(kind: kinds.ForeignKind, names: Sequence[str]) -> str:
    """Such as `2 RAW photos are skipped (a.nef, b.nef): export them as JPEG.`"""
    if len(names) == 1:
        return (
            f"{kind.one[0].upper()}{kind.one[1:]} is skipped ({names[0]}): {kind.advice.format(it='it')}."
        )
    advice = kind.advice.format(it="them")
    return f"{len(names):,} {kind.many} are skipped ({list_some(names)}): {advice}."


def list_some(names: Sequence[str], joint: str = ", ") -> str:
    """The first few of these names."""
    more = len(names) - _MAX_NAMED
    return joint.join(names[:_MAX_NAMED]) + (f"{joint}and {more:,} more" if more > 0 else "")


def plural(count: int, singular: str, plural_form: str) -> str:
    """`1 file is`, `2,000 files are`."""
    return f"{count:,} {singular if count == 1 else plural_form}"
