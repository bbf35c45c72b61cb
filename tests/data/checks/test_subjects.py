"""Subjects are found where features form groups or vary much, and a folder is split by them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import photos, scene
from limner.data.checks.dataset import CheckReport, check_dataset
from limner.data.checks.split import check_lists, split_sources
from limner.data.checks.subjects import MIN_PICTURES, Floats, Subjects, find_subjects
from limner.data.lists import is_list, read_list
from limner.errors import LimnerError


def directions(seed: int, count: int, spread: float, dimensions: int = 60) -> Floats:
    """Features about one direction; their variation is about spread^2 / (1 + spread^2)."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=dimensions)
    noise = rng.normal(size=(count, dimensions)) * spread / np.sqrt(dimensions)
    return np.asarray(7 * (centre / np.linalg.norm(centre) + noise))


def found(*groups: Floats) -> Subjects:
    subjects = find_subjects(np.concatenate(groups))
    assert subjects is not None
    return subjects


def test_one_group_is_one_subject() -> None:
    subjects = found(directions(0, 120, 0.5))
    assert subjects.shares == (1.0,)
    assert subjects.is_separate


def test_groups_far_apart_are_subjects_the_largest_first() -> None:
    subjects = found(directions(0, 50, 0.4), directions(1, 90, 0.4), directions(2, 60, 0.4))
    assert subjects.is_separate
    assert subjects.shares == (0.45, 0.3, 0.25)
    np.testing.assert_array_equal(subjects.labels, [2] * 50 + [0] * 90 + [1] * 60)
    assert [subjects.labels[example] for example in subjects.examples] == [0, 1, 2]
    np.testing.assert_array_equal(subjects.assign(directions(1, 20, 0.4)), 0)


def test_near_copies_are_one_subject_however_they_group() -> None:
    left, right = directions(0, 50, 0.05), directions(0, 50, 0.05)
    right[:, 0] += 1
    assert found(left, right).shares == (1.0,)


def test_pictures_that_vary_much_are_of_several_kinds_that_overlap() -> None:
    subjects = found(directions(0, 200, 0.8))
    assert not subjects.is_separate
    assert 2 <= len(subjects.shares) <= 6


def test_few_different_pictures_are_no_reason_to_fail() -> None:
    features = np.repeat(np.random.default_rng(3).normal(size=(3, 60)), 20, axis=0)
    assert len(found(features).shares) == 3


def test_a_strange_picture_or_two_are_no_subject() -> None:
    subjects = found(directions(0, 100, 0.3), directions(1, 2, 0.1))
    assert subjects.shares == (1.0,)


def test_strange_pictures_hide_no_subjects() -> None:
    """Two subjects and a few strange pictures are best parted in three, one of them too small."""
    features = [directions(0, 60, 0.3), directions(1, 60, 0.3), directions(2, 3, 0.1)]
    first, second = found(*features).shares
    assert 0.45 < second <= first < 0.55


def test_few_pictures_do_not_tell() -> None:
    assert find_subjects(directions(0, MIN_PICTURES - 1, 0.5)) is None


def test_the_same_features_give_the_same_subjects() -> None:
    features = directions(3, 150, 0.9)
    np.testing.assert_array_equal(found(features).labels, found(features).labels)


def by_colour(squares: np.ndarray) -> Floats:
    """Features of a network that knows red from blue: directions about either, with some noise."""
    rng = np.random.default_rng(int(squares.sum()))
    is_red = squares[..., 0].mean(axis=(1, 2)) > squares[..., 2].mean(axis=(1, 2))
    noise = rng.normal(size=(len(squares), 30)) * 0.05
    return noise + np.where(is_red[:, None], np.eye(1, 30), np.eye(1, 30, 1))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 red pictures, one of them twice, 20 blue ones and a blue clip, and one that is damaged."""
    folder = tmp_path_factory.mktemp("mixed")
    for at in range(50):
        tint = (255, 60, 60) if at < 30 else (60, 60, 255)
        grey = np.asarray(scene(44, 40, seed=at).convert("L"))[..., None] / 255
        Image.fromarray((grey * tint).astype(np.uint8)).save(folder / f"{at:02}.png")
    (folder / "copy.png").write_bytes((folder / "00.png").read_bytes())
    (folder / "damaged.png").write_bytes((folder / "01.png").read_bytes()[:200])
    frames = [Image.new("RGB", (64, 64), (20, 20, 150 + at)) for at in range(6)]
    frames[0].save(folder / "clip.gif", save_all=True, append_images=frames[1:])
    return folder


def checked(folder: Path) -> CheckReport:
    return check_dataset([folder], pixels=32, extract=by_colour)


def test_the_doctor_names_the_subjects_and_what_they_cost(mixed: Path) -> None:
    report = checked(mixed)
    finding = next(each for each in report.findings if "2 subjects" in each.sentence)
    assert finding.level == "warning"
    assert "learn in minutes" in finding.advice
    assert [round(each.share, 1) for each in report.stats.subjects] == [0.6, 0.4]
    assert int(report.stats.subjects[0].example[:2]) < 30
    shares = report.to_json()["subjects"]
    assert isinstance(shares, list)
    assert len(shares) == 2


def test_the_doctor_does_not_look_for_subjects_without_a_network(mixed: Path) -> None:
    report = check_dataset([mixed], pixels=32)
    assert report.subjects is None
    assert not any("subject" in finding.sentence for finding in report.findings)


def test_one_subject_is_good_and_few_pictures_say_nothing(tmp_path: Path) -> None:
    for count, levels in ((MIN_PICTURES - 1, []), (MIN_PICTURES, ["good"])):
        folder = photos(tmp_path / str(count), count, size=(40, 40))
        report = check_dataset([folder], pixels=32, extract=lambda squares: np.ones((len(squares), 8)))
        assert [each.level for each in report.findings if "subject" in each.sentence] == levels


@pytest.mark.skipif(sys.platform == "win32", reason="no names with line breaks")
def test_a_name_that_no_list_can_hold_leaves_the_lists_as_they_were(mixed: Path, tmp_path: Path) -> None:
    copy, lists = tmp_path / "copy", tmp_path / "lists"
    shutil.copytree(mixed, copy)
    subjects = checked(copy).subjects
    assert subjects is not None
    split_sources([copy], subjects, lists, by_colour, pixels=32)
    before = [path.read_bytes() for path in sorted(lists.iterdir())]
    (copy / "49.png").rename(copy / "49\n.png")  # of the second subject: the first list is already known
    (copy / "00.png").unlink()
    with pytest.raises(LimnerError, match="line break"):
        split_sources([copy], subjects, lists, by_colour, pixels=32)
    assert [path.read_bytes() for path in sorted(lists.iterdir())] == before


def test_a_split_lists_each_readable_file_once(mixed: Path, tmp_path: Path) -> None:
    subjects = checked(mixed).subjects
    assert subjects is not None
    (tmp_path / "subject-3.txt").write_bytes(b"# limner: a list of pictures, one path a line\n")
    lists = split_sources([mixed], subjects, tmp_path, by_colour, pixels=32)
    assert lists == [(tmp_path / "subject-1.txt", 30), (tmp_path / "subject-2.txt", 21)]
    red, blue = ([path.name for path in read_list(file)] for file, _ in lists)
    assert red == [f"{at:02}.png" for at in range(30)]
    assert blue == [*[f"{at}.png" for at in range(30, 50)], "clip.gif"]
    # The list of an earlier split into three is gone.
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["subject-1.txt", "subject-2.txt"]
    again = check_dataset([lists[0][0]], pixels=32)
    assert again.stats.pictures == 30


def test_a_split_replaces_lists_and_no_other_files(mixed: Path, tmp_path: Path) -> None:
    check_lists(tmp_path, [mixed])
    subjects = checked(mixed).subjects
    assert subjects is not None
    split_sources([mixed], subjects, tmp_path, by_colour, pixels=32)
    check_lists(tmp_path, [mixed])
    with pytest.raises(LimnerError, match="is a source itself"):
        check_lists(tmp_path, [tmp_path / "subject-1.txt"])
    (tmp_path / "subject-2.txt").write_text("my notes")
    with pytest.raises(LimnerError, match=r"subject-2\.txt holds what limner did not write"):
        check_lists(tmp_path, [mixed])
    check_lists(tmp_path, [mixed], force=True)
    assert not is_list(tmp_path / "subject-2.txt")
