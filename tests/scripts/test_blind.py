"""Blind judging: the pictures tell nothing, both orders are shown, and a split counts as a loss."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import blind
from helpers.looks import look_file
from helpers.stores import colours
from limner.page.chromium import find_chromium
from limner.page.publish import WEB

CLIP_FRAMES = 6


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions about two looks and a clip."""
    folder = tmp_path_factory.mktemp("blind")
    clip = folder / "garden.gif"
    frames = [colours(seed) for seed in range(CLIP_FRAMES)]
    frames[0].save(clip, save_all=True, append_images=frames[1:])
    before = look_file(folder, name="before.onnx")
    after = look_file(folder, guide="edges", name="after.onnx")
    out = folder / "asked"
    command = f"paint {out} --before {before} --after {after} --single {after}=sea|ocean --clips {clip}"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(sys, "argv", ["blind.py", *command.split()])
        blind.main()
    return out


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_what_a_judge_sees_names_nothing(asked: Path) -> None:
    questions = read(asked / "questions.json")
    assert len(questions) == 4 * blind.FRAMES, "two orders, and two questions about each painting"
    assert {path.name for path in asked.iterdir()} == {
        "questions.json",
        *(question["picture"] for question in questions),
    }
    text = (asked / "questions.json").read_text()
    assert not any(word in text for word in ("before", "after", "sea", "garden"))
    assert [question["id"] for question in questions] == sorted(question["id"] for question in questions)
    kinds = [entry["kind"] for entry in read(blind.key_path(asked)).values()]
    assert kinds != sorted(kinds), "they are shuffled"


def test_the_two_orders_show_the_same_paintings(asked: Path) -> None:
    key = read(blind.key_path(asked))
    first, second = (
        np.asarray(Image.open(asked / f"{name}.png"))
        for name, entry in key.items()
        if entry.get("pair") == "garden 1"
    )
    assert (first[:, : blind.SIDE] == second[:, -blind.SIDE :]).all()
    assert (first[:, : blind.SIDE] != first[:, -blind.SIDE :]).any()


def test_the_score(asked: Path) -> None:
    key = read(blind.key_path(asked))

    def judge(*, splits: bool) -> dict[str, str]:
        answers = {}
        for name, entry in key.items():
            if entry["kind"] == "pair":
                always_left = splits and entry["pair"] == "garden 2"
                answers[name] = "left" if always_left or entry["left"] == "after" else "right"
            else:
                answers[name] = "An ocean!" if entry["kind"] == "subject" else "Yes" if splits else "no"
        return answers

    lines = list(blind.score(key, [judge(splits=False), judge(splits=True), judge(splits=True)]))
    assert lines[0] == (
        "After is preferred in 3 of 4 pairs by most judges; in 10 of 12 judgements, 2 of which were splits."
    )
    assert "  garden 2: 1 of 3" in lines
    assert "The subject was named for 4 of 4 paintings by most judges; 12 of 12 answers." in lines
    assert "A finished painting: 4 of 4 paintings by most judges; 8 of 12 answers." in lines


def test_answers_that_cannot_be_counted_are_refused(asked: Path) -> None:
    key = read(blind.key_path(asked))
    with pytest.raises(SystemExit, match="has not answered 01"):
        list(blind.score(key, [{}]))
    with pytest.raises(SystemExit, match="neither left nor right"):
        list(blind.score(key, [dict.fromkeys(key, "both")]))


def test_a_word_within_a_word_is_not_the_subject() -> None:
    entry = {"kind": "subject", "words": ["sea", "night sky"]}
    assert blind._is_yes(entry, "Sea, at dawn") and blind._is_yes(entry, "A night sky.")
    assert not blind._is_yes(entry, "a season") and not blind._is_yes(entry, "the sky at night")


@pytest.mark.browser
@pytest.mark.skipif(
    find_chromium() is None or not WEB.is_dir(), reason="needs a Chromium and the built page"
)
def test_the_still_life_of_the_page() -> None:
    (_, first), (name, second) = blind.still_life_frames(2)
    assert name == "still life 2" and first.size == (512, 512)
    assert np.asarray(first).std() > 20, "it shows something"
    assert np.asarray(first).tobytes() != np.asarray(second).tobytes()
