"""File names that every file system, web server and address bar accepts."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

MAX_LENGTH = 100
DIGEST_BYTES = 3


def slugify(name: str) -> str:
    """`Nordsee für Ada` to `nordsee-fur-ada`. Never empty, at most 100 characters.

    A name that loses letters or odd bytes in the conversion, such as one in another script or one that is
    too long, gets six hexadecimal digits of its hash, so that two such names stay different.
    """
    folded = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in folded if letter.isascii())
    lost = (letter for letter in folded if not letter.isascii())
    has_lost_letters = any(letter.isalnum() or unicodedata.category(letter) == "Cs" for letter in lost)
    slug = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))
    if slug and len(slug) <= MAX_LENGTH and not has_lost_letters:
        return slug
    digest = blake2b(name.encode(errors="surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
    room = MAX_LENGTH - len(digest) - 1
    return f"{slug[:room].rstrip('-')}-{digest}".lstrip("-")
