"""Files and folders that operating systems, network drives and viewers put beside those of people."""

_MADE_BY_FILE_MANAGERS = frozenset({".ds_store", ".directory", "thumbs.db", "desktop.ini"})
"""In lower case: how a person last saw a folder."""

_NAMES = _MADE_BY_FILE_MANAGERS.union(
    {"__macosx", "icon\r", "@eadir", "@tmp", "@__thumb", "#recycle", "#snapshot", "lost+found"}
    | {"$recycle.bin", "recycler", "system volume information", "ehthumbs.db"}
    | {"@recycle", "lost.dir", "network trash folder", "temporary items"}
    | {f"found.{number:03}" for number in range(10)}  # what Windows' chkdsk saved
)
"""In lower case."""


def is_system_name(name: str) -> bool:
    """Whether a file or folder of this name is hidden or a system's own."""
    return name.startswith(".") or name.lower() in _NAMES


def is_made_by_file_manager(name: str) -> bool:
    """Whether a file of this name may be deleted: it is made anew when a person opens its folder."""
    return name.lower() in _MADE_BY_FILE_MANAGERS
