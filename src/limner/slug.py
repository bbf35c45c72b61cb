"""File names that every file system, web server and address bar accepts."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b


def slugify(name: str) -> str:
    """`Nordsee für Ada` to `nordsee-fur-ada`. Never empty, at most 100 characters.

    A name that loses letters or odd bytes in the conversion, such as one in another script, gets six
    hexadecimal digits of its hash, so that two such names stay different.
    """
    folded = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in folded if letter.isascii())
    lost = (letter for letter in folded if not letter.isascii())
    has_lost_letters = any(letter.isalnum() or unicodedata.category(letter) == "Cs" for letter in lost)
    parts = re.findall(r"[a-z0-9]+", plain.lower())
    if has_lost_letters or not parts:
        parts.append(blake2b(name.encode(errors="surrogatepass"), digest_size=3).hexdigest())
    return "-".join(parts)[:100]
