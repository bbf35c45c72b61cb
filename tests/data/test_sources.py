"""Which files of a folder are pictures and videos, and which are passed over, with or without a word."""

import errno
import os
import unicodedata
from pathlib import Path

import pytest

from helpers.files import photos, scene, video
from limner.data import videos
from limner.data.sources import find_sources, scan
from limner.errors import LimnerError


def names(path: Path) -> list[str]:
    return [source.name for source in scan(path).sources]


def test_the_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    photos(tmp_path, 1)
    for name in ("photo", "photo.JPG.download", "photo.png", "photo.mp4", "photo.cr2"):
        scene(40, 30).save(tmp_path / name, "JPEG")
    video(tmp_path / "clip.mp4", frames=2).rename(tmp_path / "clip.jpg")
    found = scan(tmp_path)
    assert {source.name: source.kind for source in found.sources} == {
        "clip.jpg": "video",
        "photo": "image",
        "photo-000.jpg": "image",
        "photo.JPG.download": "image",
        "photo.cr2": "image",
        "photo.mp4": "image",
        "photo.png": "image",
    }
    assert found.skipped == ()


def test_a_folder_s_other_files_are_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos(tmp_path, 1)
    for name in ("notes.txt", "data.json", "page.html", "song.mp3", "scan.pdf"):
        scene(40, 30).save(tmp_path / name, "JPEG")
    opened: list[str] = []
    original = Path.open

    def spy(path: Path, *args: object, **options: object) -> object:
        opened.append(path.name)
        return original(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", spy)
    assert names(tmp_path) == opened == ["photo-000.jpg"]


def test_files_that_are_no_pictures_are_passed_over_in_silence(tmp_path: Path) -> None:
    photos(tmp_path, 1)
    for name in ("notes.txt", "photo-000.xmp", "photo-000.aae", "README", "list.csv", "empty", "code.ts"):
        (tmp_path / name).write_text("" if name == "empty" else "a text")
    (tmp_path / "model.bin").write_bytes(bytes(300))
    assert (names(tmp_path), scan(tmp_path).skipped) == (["photo-000.jpg"], ())


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", b"a text", "is a text file, not a picture"),
        ("code.ts", b"a text", "is a text file, not a picture"),
        ("empty", b"", "is an empty file"),
        ("empty.heic", b"", "is an empty file"),
        ("empty.nef", b"", "is an empty file"),
        ("empty.mp4", b"", "is an empty file"),
        ("a.mxf", b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "is a video of another kind: convert it to MP4"),
        ("model.bin", bytes(300), "is not a picture in a format that limner can read"),
        ("drawing.svg", b"<svg/>", "is an SVG drawing: export it as PNG"),
    ],
)
def test_a_file_that_is_named_gets_an_answer(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert scan(tmp_path / name).skipped == ((name, reason),)
    with pytest.raises(LimnerError, match=f"{name} {reason}"):
        find_sources([tmp_path / name])


def test_a_picture_that_is_named_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    scene(40, 30).save(tmp_path / "picture.txt", "JPEG")
    assert names(tmp_path / "picture.txt") == ["picture.txt"]


def test_every_suffix_of_a_picture_or_a_video_gets_a_word(tmp_path: Path) -> None:
    """Also where the content says nothing: then the file is read, and what is wrong with it is said."""
    foreign = {".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".dng", ".pef", ".srw", ".jxl"}
    foreign |= {".mxf", ".dv", ".rm", ".nut", ".swf", ".y4m", ".h264", ".r3d", ".rmvb", ".ico", ".icns"}
    foreign |= {".pcx", ".dds", ".eps", ".ai", ".qoi", ".hdr", ".dcm", ".djvu", ".clip", ".emf", ".cap"}
    foreign |= {".jp2", ".j2k", ".tga", ".ppm", ".svg", ".psd"}
    for suffix in {*foreign, ".jpg", ".webp", *videos.SUFFIXES}:
        (tmp_path / f"a{suffix}").write_bytes(bytes(300))
    found = scan(tmp_path)
    assert {name for name, _ in found.skipped} == {f"a{suffix}" for suffix in foreign}
    assert len(found.sources) == 2 + len(videos.SUFFIXES)


def test_system_folders_and_files_are_passed_over_in_silence(tmp_path: Path) -> None:
    for folder in ("@eaDir", ".thumbnails", "__MACOSX", "$RECYCLE.BIN", "System Volume Information"):
        photos(tmp_path / "album" / folder, 1)
    for folder in ("@Recycle", "LOST.DIR", "FOUND.000", "Network Trash Folder", "Temporary Items"):
        photos(tmp_path / folder, 1)
    photos(tmp_path / "Our.photoslibrary" / "resources" / "derivatives", 1)
    photos(tmp_path / "lost+found", 1)
    photos(tmp_path / "Previews.lrdata", 1)
    photos(tmp_path, 1)
    for name in ("Thumbs.db", "GX010001.THM", "photo-000.jpg_original", "photo-000.jpg~"):
        scene(40, 30, seed=9).save(tmp_path / name, "JPEG")
    (tmp_path / "desktop.ini").write_text("[.ShellClassInfo]")
    assert (names(tmp_path), scan(tmp_path).skipped) == (["photo-000.jpg"], ())
    photos(tmp_path / "holiday_original", 1)
    photos(tmp_path / "Our.photoslibrary" / "originals", 1)
    photos(tmp_path / "resources", 1)
    assert set(names(tmp_path)) == {
        "photo-000.jpg",
        "holiday_original/photo-000.jpg",
        "Our.photoslibrary/originals/photo-000.jpg",
        "resources/photo-000.jpg",
    }


def test_pictures_that_are_elsewhere_have_advice(tmp_path: Path) -> None:
    photos(tmp_path, 1)
    (tmp_path / ".IMG_1.HEIC.icloud").write_bytes(b"bplist00")
    (tmp_path / ".notes.txt.icloud").write_bytes(b"bplist00")
    (tmp_path / "a.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")
    assert scan(tmp_path).skipped == (
        (".IMG_1.HEIC.icloud", "is a file that is in iCloud only: download it to this computer"),
        ("a.jpg", "is Git LFS's pointer to the file: run `git lfs pull`"),
    )


def test_a_folder_that_cannot_be_searched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(tmp_path, 1)
    photos(tmp_path / "locked", 1)
    original = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert names(tmp_path) == ["photo-000.jpg"]
    assert scan(tmp_path).skipped == (
        ("locked", "is a folder that cannot be searched (Permission denied)"),
    )


def test_composed_and_decomposed_spellings_pair_up(tmp_path: Path) -> None:
    """macOS writes an accent as a letter of its own; a camera writes suffixes in capitals."""
    composed, decomposed = (unicodedata.normalize(form, "Café/Zoë") for form in ("NFC", "NFD"))
    for folder, name in (("targets", f"{composed}.JPG"), ("inputs", f"{decomposed}.jpg")):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        scene(40, 30).save(path, "JPEG")
    (source,) = find_sources([tmp_path / "targets"], inputs=tmp_path / "inputs").sources
    assert source.partner == tmp_path / "inputs" / f"{decomposed}.jpg"


def test_a_partner_that_cannot_be_read_is_told_from_none(tmp_path: Path) -> None:
    targets, inputs = photos(tmp_path / "a", 3), photos(tmp_path / "b", 1)
    (inputs / "photo-001.cr2").write_bytes(bytes(300))
    assert find_sources([targets], inputs=inputs).skipped == (
        ("photo-001.jpg", "has a partner, photo-001.cr2, which is a RAW photo: export it as JPEG"),
        ("photo-002.jpg", f"has no partner in {inputs}"),
    )


def test_two_partners_of_one_name_are_ambiguous(tmp_path: Path) -> None:
    """Which of them the network learned from would be chance."""
    targets, inputs = photos(tmp_path / "a", 3), photos(tmp_path / "b", 1)
    scene(60, 48).save(inputs / "photo-000.png")
    for part in ("x", "y"):
        photos(inputs / part, 1, first=1)
    photos(inputs / "x", 1, first=2)
    found = find_sources([targets], inputs=inputs)
    assert [source.name for source in found.sources] == ["photo-002.jpg"]
    assert found.skipped == (
        (
            "photo-000.jpg",
            "has more than one partner (photo-000.jpg and photo-000.png): keep one of them",
        ),
        (
            "photo-001.jpg",
            "has more than one partner (x/photo-001.jpg and y/photo-001.jpg): keep one of them",
        ),
    )


def test_names_of_any_bytes_are_shown_with_replacements(tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (folder / "b\udce9d.tga").write_bytes(bytes(300))
    with pytest.raises(LimnerError) as caught:
        find_sources([folder])
    str(caught.value).encode()
    assert "b\ufffdd.tga is a TGA picture" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("project.json", "limner.project"),
        ("run.json", "limner.run"),
        ("pictures.json", "limner.store"),
        ("limner.json", "limner.page"),
    ],
)
def test_a_folder_that_limner_made_is_passed_over_and_a_stranger_s_of_that_name_is_not(
    tmp_path: Path, file: str, key: str
) -> None:
    for folder, content in (("ours", f'{{"{key}": 1}}'), ("theirs", '{"name": "a"}'), ("torn", "[" * 9999)):
        photos(tmp_path / folder, 1)
        (tmp_path / folder / file).write_text(content)
    assert names(tmp_path) == ["theirs/photo-000.jpg", "torn/photo-000.jpg"]
