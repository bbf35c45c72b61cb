"""Files and folders that operating systems, network drives and viewers put beside those of people."""

_NAMES = frozenset(
    {"__macosx", "icon\r", "@eadir", "@tmp", "@__thumb", "#recycle", "#snapshot", "lost+found"}
    | {"$recycle.bin", "recycler", "system volume information", "desktop.ini", "thumbs.db", "ehthumbs.db"}
    | {"@recycle", "lost.dir", "network trash folder", "temporary items"}
    | {f"found.{number:03}" for number in range(10)}  # what Windows' chkdsk saved
)
"""In lower case."""


def is_system_name(name: str) -> bool:
    """Whether a file or folder of this name is hidden or a system's own."""
    return name.startswith(".") or name.lower() in _NAMES
