"""File names are plain and never empty, and different names stay different."""

from __future__ import annotations

import os

import pytest

from limner.slug import slugify


@pytest.mark.parametrize(
    ("name", "plain"),
    [("North Sea", "north-sea"), ("  a/b\\c..", "a-b-c"), ("Café", "cafe"), ("clip_01.v2", "clip-01-v2")],
)
def test_plain_names(name: str, plain: str) -> None:
    assert slugify(name).startswith(plain)


def test_names_in_other_scripts_stay_different() -> None:
    names = ["花", "море", "лес", "море 1", "лес 1", "", "---"]
    slugs = [slugify(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(slug and slug.isascii() and not slug.startswith("-") for slug in slugs)


def test_names_of_odd_bytes_stay_different() -> None:
    slugs = {slugify(os.fsdecode(name)) for name in (b"caf", b"caf\xe8", b"caf\xe9")}
    assert len(slugs) == 3
    assert "caf" in slugs


def test_long_names_are_truncated_and_stay_different() -> None:
    assert slugify("a" * 100) == "a" * 100
    names = ["a" * 1000, "a" * 1001, *(f"{'a' * 100}{end}" for end in ("花", "море", " b", "b"))]
    slugs = [slugify(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert {len(slug) for slug in slugs} == {100}
    assert "--" not in slugify(f"{'a' * 92} {'b' * 20}")
