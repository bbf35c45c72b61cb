"""What a style is learned on: a person's pictures and clips, drawn ones, and the parts that a step sees."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.files import photos, scene, video
from helpers.styles import TINY, content
from limner.art.content import Content, ContentPicture, ContentSampler, draw_content, read_content
from limner.errors import LimnerError
from limner.mark import save_options

CPU = torch.device("cpu")


def test_pictures_and_neighbouring_frames_are_read(tmp_path: Path) -> None:
    photos(tmp_path / "album", 3)
    video(tmp_path / "album" / "clip.mp4", frames=5, size=(96, 64))
    scene(80, 60).save(tmp_path / "album" / "painted.png", **save_options("PNG", "painting"))
    (tmp_path / "album" / "cut.jpg").write_bytes(b"\xff\xd8\xff no picture")
    found = read_content([tmp_path / "album"], 64)
    stills = [picture for picture in found.pictures if picture.following is None]
    pairs = [picture for picture in found.pictures if picture.following is not None]
    assert (len(stills), len(pairs)) == (3, 4)
    assert {min(picture.frame.shape[:2]) for picture in found.pictures} == {80}
    for pair in pairs:
        assert pair.following is not None
        assert pair.following.shape == pair.frame.shape
        # Blue rises from frame to frame.
        assert float(pair.following[..., 2].mean()) > float(pair.frame[..., 2].mean())
    assert "cut.jpg" in " ".join(found.notices)
    assert "limner wrote" in " ".join(found.notices)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(LimnerError, match=r"No content can be read: cut\.jpg"):
        read_content([tmp_path], 64)
    with pytest.raises(LimnerError, match="There is no file or folder"):
        read_content([tmp_path / "missing"], 64)


def test_drawn_content_is_coloured_and_the_seed_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limner.art.content.DRAWN", 3)
    drawn, again, other = (draw_content(64, seed) for seed in (0, 0, 1))
    assert len(drawn.pictures) == 6
    assert drawn.digest() == again.digest() != other.digest()
    assert all(picture.frame.std((0, 1)).max() > 3 for picture in drawn.pictures)
    scenes = drawn.pictures[3:]
    assert any(np.ptp(picture.frame.mean((0, 1))) > 5 for picture in scenes)


def test_a_digest_changes_with_a_pixel_and_with_what_follows() -> None:
    (picture,) = content(1).pictures
    changed = picture.frame.copy()
    changed[0, 0, 0] ^= 1
    others = [ContentPicture(changed), ContentPicture(picture.frame, picture.frame)]
    digests = {Content((one,)).digest() for one in (picture, *others)}
    assert len(digests) == 3


def test_the_parts_of_a_step_depend_on_the_seed_and_the_step() -> None:
    sampler = ContentSampler(content(), TINY, CPU)
    first, again, later = sampler.at(3), sampler.at(3), sampler.at(4)
    assert first.frames.shape == first.following.shape == (2, 3, 32, 32)
    assert torch.equal(first.frames, again.frames)
    assert torch.equal(first.following, again.following)
    assert not torch.equal(first.frames, later.frames)
    seeded = ContentSampler(content(), dataclasses.replace(TINY, seed=1), CPU).at(3)
    assert not torch.equal(first.frames, seeded.frames)
    assert -1 <= first.frames.min() < first.frames.max() <= 1


def test_what_follows_a_still_is_near_and_rarely_the_same() -> None:
    sampler = ContentSampler(content(), TINY, CPU)
    differences = [
        float((batch.following - batch.frames).abs().mean()) for batch in map(sampler.at, range(20))
    ]
    assert max(differences) < 0.3
    assert sum(difference > 0.002 for difference in differences) >= 18


def test_what_follows_a_frame_of_a_clip_is_its_next_frame() -> None:
    dark, light = (np.full((80, 100, 3), shade, np.uint8) for shade in (50, 200))
    sampler = ContentSampler(Content((ContentPicture(dark, light),)), TINY, CPU)
    batch = sampler.at(0)
    assert float(batch.frames.mean()) == pytest.approx(50 / 127.5 - 1, abs=1e-3)
    assert float(batch.following.mean()) == pytest.approx(200 / 127.5 - 1, abs=1e-3)
