"""The kind of a file by its first bytes, and by its suffix where these say nothing."""

import io
import struct

import pytest
from PIL import features

from helpers.files import scene
from limner.data import heic, kinds
from limner.data.kinds import ForeignKind, identify


@pytest.fixture(autouse=True)
def without_pillow_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heic, "is_available", lambda: False)


def brands(major: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO base media file."""
    box = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (4 + len(box)).to_bytes(4, "big") + box + bytes(100)


def picture(image_format: str) -> bytes:
    buffer = io.BytesIO()
    scene(40, 30).save(buffer, image_format)
    return buffer.getvalue()[: kinds.HEAD_BYTES]


@pytest.mark.parametrize("suffix", ["", ".jpg", ".heic", ".download", ".mp4", ".tif"])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_readable_pictures_are_known_whatever_their_suffix(image_format: str, suffix: str) -> None:
    assert identify(picture(image_format), suffix) == "image"


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (kinds.HEIC, brands(b"heic", b"mif1", b"heic")),
        (kinds.HEIC, brands(b"heix")),
        (kinds.HEIC, brands(b"hevc")),
        (kinds.HEIC, brands(b"mif1", b"mif1", b"heic")),
        (kinds.HEIC, brands(b"msf1", b"hevc")),
        (kinds.HEIC, brands(b"mif1")),
        (kinds.HEIC, brands(b"mif2", b"mif1", b"heic")),
        (kinds.HEIC, brands(b"avci", b"mif1")),
        (kinds.HEIC, brands(b"avcs", b"msf1")),
        (kinds.HEIC, brands(b"j2ki")),
        (kinds.HEIC, brands(b"jpeg", b"mif1")),
        (kinds.HEIC, brands(b"vvic", b"mif1")),
        (kinds.HEIC, brands(b"MiHE", b"mif1", b"heic")),
        (kinds.RAW, brands(b"crx ", b"isom")),
        (kinds.RAW, b"II*\0\x10\0\0\0CR\2\0"),
        (kinds.RAW, b"II\x1a\0\0\0HEAPCCDR"),
        (kinds.RAW, b"IIRO\x08\0\0\0"),
        (kinds.RAW, b"IIU\0\x08\0\0\0"),
        (kinds.RAW, b"FUJIFILMCCD-RAW 0201FF383501"),
        (kinds.RAW, b"FOVb\1\0"),
        (kinds.RAW, b"\0MRM\0"),
        (kinds.JPEG_XL, b"\xff\x0a\xfa\x1f"),
        (kinds.JPEG_XL, b"\0\0\0\x0cJXL \r\n\x87\n"),
        (kinds.JPEG_2000, picture("JPEG2000")),
        (kinds.JPEG_2000, b"\xff\x4f\xff\x51\0"),
        (kinds.JPEG_XR, b"II\xbc\1"),
        (kinds.NETPBM, picture("PPM")),
        (kinds.NETPBM, b"P2\n# made by hand\n3 2\n255\n0 0 0 9 9 9\n"),
        (kinds.HDR, b"\x76\x2f\x31\1"),
        (kinds.SVG, b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        (kinds.SVG, b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<SVG>'),
        (kinds.LAYERED, b"8BPS\0\1"),
        (kinds.LAYERED, b"gimp xcf v011"),
        (kinds.OTHER_VIDEO, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01"),
        (kinds.OTHER_VIDEO, b".RMF\0\0\0\x12"),
        (kinds.OTHER_VIDEO, b"\x1f\x07\0\x3f"),
        (kinds.OTHER_VIDEO, b"YUV4MPEG2 W64 H48"),
        (kinds.LFS_POINTER, b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".jpg"])
def test_foreign_pictures_are_known_whatever_their_suffix(
    kind: ForeignKind, head: bytes, suffix: str
) -> None:
    assert identify(head, suffix) is kind


@pytest.mark.parametrize(
    "head",
    [
        brands(b"qt  "),
        brands(b"isom", b"avc1"),
        brands(b"3gp5"),
        b"\0\0\0\x08wide\0\0\0\0mdat",
        b"\x1a\x45\xdf\xa3\x01",
        b"RIFF\0\0\0\0AVI LIST",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        b"\0\0\1\xba\x44",
        b"FLV\1\5",
        b"OggS" + bytes(24) + b"\x80theora",
        (b"\x47" + bytes(187)) * 3,
        (bytes(4) + b"\x47" + bytes(187)) * 3,
    ],
)
def test_videos_are_known_by_their_content(head: bytes) -> None:
    assert identify(head, "") == "video"


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        (".nef", kinds.RAW),
        (".dng", kinds.RAW),
        (".tga", kinds.TGA),
        (".hif", kinds.HEIC),
        (".ico", kinds.OTHER_PICTURE),
        (".fits", kinds.OTHER_PICTURE),
        (".mxf", kinds.OTHER_VIDEO),
        (".braw", kinds.OTHER_VIDEO),
        (".rwz", kinds.RAW),
        (".clip", kinds.LAYERED),
        (".jpeg", "image"),
    ],
)
def test_the_suffix_decides_where_the_content_says_nothing(suffix: str, kind: object) -> None:
    assert identify(bytes(300), suffix) == kind
    assert identify(b"", suffix) == kind


@pytest.mark.parametrize("major", [b"qt  ", b"isom", b"mp42"])
def test_a_heif_suffix_decides_between_a_picture_and_a_video(major: bytes) -> None:
    both = brands(major, b"mif1", b"isom")
    assert identify(both, ".mp4") == identify(both, "") == "video"
    assert identify(both, ".heic") is kinds.HEIC
    assert identify(brands(major, b"isom"), ".heic") == "video"
    assert identify(brands(b"new1"), ".heif") is kinds.HEIC
    assert identify(brands(b"new1"), "") == "video"


def test_a_raw_photo_is_told_from_the_tiff_that_it_is() -> None:
    assert identify(picture("TIFF"), ".nef") is kinds.RAW
    assert identify(picture("TIFF"), ".tiff") == "image"


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_raw_photo_of_any_name_is_told_by_its_thumbnail(order: str) -> None:
    """A network that learns from thumbnails of 160 pixels would be blurred without a word."""
    start = {"<": b"II*\0", ">": b"MM\0*"}[order]
    for value, kind in ((1, kinds.RAW), (0, "image"), (2, "image")):
        page = struct.pack(f"{order}IHHHII", 8, 20, 254, 4, 1, value)
        assert identify(start + page + bytes(300), ".download") == kind
    far = struct.pack(f"{order}I", 90_000)
    assert identify(start + far, "") == "image"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        bytes(300),
        b"BMW is a maker of cars, and this is a text.",
        b"P2 is the name of a room",
        b"The free software guide\n",
        b"The wide world of clouds",
        b"Can\tskip this",
        b"See ftyp, the first box of a file",
        b"MMORPGs that I played",
        b"<html><body>a page with an <svg/></body></html>",
        brands(b"M4A "),
        b"OggS" + bytes(24) + b"\1vorbis",
        b"ID3\4\0",
        b"%PDF-1.7",
        b"\x47" + bytes(500),
    ],
)
def test_other_files_are_no_known_kind(head: bytes) -> None:
    assert identify(head, "") is None


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_a_file_may_end_anywhere(image_format: str) -> None:
    whole = picture(image_format)
    kinds_found = {identify(whole[:length], "") for length in range(len(whole))}
    assert kinds_found == {None, identify(whole, "")}


def test_heic_and_avif_are_read_where_something_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heic, "is_available", lambda: True)
    assert identify(brands(b"heic"), ".heic") == "image"
    monkeypatch.setattr(features, "check", lambda _: False)
    assert identify(brands(b"avif"), ".avif") is kinds.AVIF


def test_each_reason_leads_back_to_its_kind() -> None:
    assert kinds.find_by_reason("is a RAW photo: export it as JPEG") is kinds.RAW
    assert kinds.find_by_reason(kinds.LIMNER_KINDS["contact sheet"].reason) is not None
    assert kinds.find_by_reason("is an empty file") is None
