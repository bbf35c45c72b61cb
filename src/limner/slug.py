"""File names that every file system, web server and address bar takes."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b


def slugify(name: str) -> str:
    """`Nordsee für Ada` to `nordsee-fur-ada`. Never empty.

    A name that loses letters on the way, as one in another script does, gets six digits of its hash:
    two such names stay two.
    """
    folded = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in folded if letter.isascii())
    lost = any(letter.isalnum() for letter in folded if not letter.isascii())
    parts = re.findall(r"[a-z0-9]+", plain.lower())
    if lost or not parts:
        parts.append(blake2b(name.encode(errors="replace"), digest_size=3).hexdigest())
    return "-".join(parts)[:100]
