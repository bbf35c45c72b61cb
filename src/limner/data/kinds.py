"""What kind of file this is: by its first bytes, and by its suffix only where these say nothing.

Phones, cameras and programs leave files of many kinds beside pictures. Each kind is read, or has a name and
advice, so that no picture is lost without a word; files that are no pictures are `None`.

The table is our own: puremagic 1.30 and filetype 1.2 (tried 2026-11) know neither CR3, ORF nor HEIF
sequences, take an SVG drawing for XML, and give no advice.
"""

import re
import struct
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from PIL import features

from limner import git_lfs, mark
from limner.data import heic

Media = Literal["image", "video"]

HEAD_BYTES = 512
"""How many bytes of a file `identify` needs: three packets of an MPEG stream, or an XML prolog."""


@dataclass(frozen=True)
class ForeignKind:
    """A kind of picture or video that limner does not read."""

    one: str
    """Such as `a RAW photo`."""
    many: str
    """Such as `RAW photos`."""
    advice: str
    """What to do; `{it}` stands for the file or the files."""

    @property
    def reason(self) -> str:
        """Why one file is skipped; continues a sentence that begins with the file's name."""
        return f"is {self.one}: {self.advice.format(it='it')}"


_EXPORT = "export {it} as JPEG or PNG"
HEIC = ForeignKind(
    "a HEIC picture", "HEIC pictures", 'run `pip install "limner[heic]"`, or export {it} as JPEG'
)
AVIF = ForeignKind("an AVIF picture", "AVIF pictures", "install a newer Pillow, or export {it} as JPEG")
RAW = ForeignKind("a RAW photo", "RAW photos", "export {it} as JPEG")
JPEG_XL = ForeignKind("a JPEG XL picture", "JPEG XL pictures", _EXPORT)
JPEG_2000 = ForeignKind("a JPEG 2000 picture", "JPEG 2000 pictures", _EXPORT)
JPEG_XR = ForeignKind("a JPEG XR picture", "JPEG XR pictures", _EXPORT)
TGA = ForeignKind("a TGA picture", "TGA pictures", _EXPORT)
NETPBM = ForeignKind("a PPM or PGM picture", "PPM or PGM pictures", _EXPORT)
HDR = ForeignKind("an HDR picture", "HDR pictures", _EXPORT)
SVG = ForeignKind("an SVG drawing", "SVG drawings", "export {it} as PNG")
LAYERED = ForeignKind("a file of a drawing program", "files of drawing programs", _EXPORT)
OTHER_PICTURE = ForeignKind("a picture of another kind", "pictures of other kinds", _EXPORT)
OTHER_VIDEO = ForeignKind("a video of another kind", "videos of other kinds", "convert {it} to MP4")
UNREADABLE_VIDEO = ForeignKind(
    "a video that cannot be read",
    "videos that cannot be read",
    "convert {it} to MP4 if another program can play {it}",
)
LFS_POINTER = ForeignKind(git_lfs.POINTER, "pointers of Git LFS to files", git_lfs.REMEDY)
CLOUD = ForeignKind(
    "a file that is in iCloud only", "files that are in iCloud only", "download {it} to this computer"
)

LIMNER_KINDS: Mapping[mark.Kind, ForeignKind] = {
    kind: ForeignKind(
        f"a {kind} that limner wrote", f"{kind}s that limner wrote", "limner does not learn from {it}"
    )
    for kind in get_args(mark.Kind)
    if kind != "drawing"
}
"""Files with limner's mark; the demo does learn from drawings."""

_BY_REASON = {
    kind.reason: kind
    for kind in (
        *(HEIC, AVIF, RAW, JPEG_XL, JPEG_2000, JPEG_XR, TGA, NETPBM, HDR, SVG, LAYERED, OTHER_PICTURE),
        *(OTHER_VIDEO, UNREADABLE_VIDEO, LFS_POINTER, CLOUD, *LIMNER_KINDS.values()),
    )
}

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib"}
    | {".avif", ".avifs"}
)
"""Suffixes, in lower case, of files that are meant to be pictures and can be read."""

_RAW_SUFFIXES = (
    ".3fr .ari .arw .bay .cap .cr2 .cr3 .crw .dcr .dng .drf .eip .erf .fff .gpr .iiq .k25 .kdc .mef .mos "
    ".mrw .nef .nrw .orf .pef .ptx .raf .raw .rw2 .rwl .rwz .sr2 .srf .srw .x3f"
)
_FOREIGN_SUFFIXES: Mapping[str, ForeignKind] = {
    suffix: kind
    for kind, suffixes in (
        (HEIC, ".heic .heif .heics .heifs .hif"),
        (RAW, _RAW_SUFFIXES),
        (JPEG_XL, ".jxl"),
        (JPEG_2000, ".jp2 .j2k .j2c .jpx .jpf .jpc"),
        (JPEG_XR, ".jxr .wdp .hdp"),
        (TGA, ".tga .icb .vda"),
        (NETPBM, ".ppm .pgm .pbm .pnm .pam .pfm"),
        (HDR, ".exr .hdr"),
        (SVG, ".svg .svgz"),
        (
            LAYERED,
            ".psd .psb .xcf .kra .ora .afphoto .afdesign .procreate .ai .cdr .clip .pdn .psp .pspimage",
        ),
        (LAYERED, ".sketch .blend"),
        (
            OTHER_PICTURE,
            ".ico .icns .cur .pcx .dds .eps .sgi .fits .qoi .dcm .djvu .bpg .flif .wmf .emf .pict",
        ),
        (OTHER_PICTURE, ".pct .xbm .xpm .dpx .mng"),
        (
            OTHER_VIDEO,
            ".mxf .dv .rm .rmvb .nut .gxf .swf .ivf .wtv .y4m .h264 .264 .h265 .265 .hevc .mjpeg",
        ),
        (OTHER_VIDEO, ".r3d .braw .crm .dvr-ms .amv .bik"),
    )
    for suffix in suffixes.split()
}

_JPEG_2000_BOX, _JPEG_XL_BOX = (b"\0\0\0\x0c" + name + b" \r\n\x87\n" for name in (b"jP ", b"JXL"))
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SIGNATURES: tuple[tuple[int, bytes, Media | ForeignKind], ...] = (
    (0, b"\xff\xd8\xff", "image"),
    (0, b"\x89PNG\r\n\x1a\n", "image"),
    (0, b"GIF87a", "image"),
    (0, b"GIF89a", "image"),
    (8, b"WEBPVP8", "image"),
    (8, b"AVI LIST", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"),  # Matroska, WebM
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),  # WMV
    (0, b"\0\0\1\xba", "video"),  # MPEG program stream
    (0, b"\0\0\1\xb3", "video"),  # MPEG video
    (0, b"FLV\1", "video"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", OTHER_VIDEO),  # MXF
    (0, b".RMF\0\0", OTHER_VIDEO),  # RealMedia
    (0, b"\x1f\x07\0", OTHER_VIDEO),  # DV
    (0, b"nut/multimedia container\0", OTHER_VIDEO),
    (0, b"DKIF\0\0", OTHER_VIDEO),  # IVF
    (0, b"YUV4MPEG2 ", OTHER_VIDEO),
    (8, b"CR\2\0", RAW),  # CR2
    (6, b"HEAPCCDR", RAW),  # CRW
    (0, b"IIRO", RAW),  # ORF
    (0, b"IIRS", RAW),
    (0, b"MMOR\0", RAW),  # not MMORPG, in a text
    (0, b"IIU\0", RAW),  # RW2
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"FOVb", RAW),  # X3F
    (0, b"\0MRM", RAW),
    (0, _JPEG_XL_BOX, JPEG_XL),
    (0, b"\xff\x0a", JPEG_XL),
    (0, _JPEG_2000_BOX, JPEG_2000),
    (0, b"\xff\x4f\xff\x51", JPEG_2000),
    (0, b"II\xbc\1", JPEG_XR),
    (0, b"\x76\x2f\x31\1", HDR),  # OpenEXR
    (0, b"#?RADIANCE", HDR),
    (0, b"8BPS\0", LAYERED),  # Photoshop
    (0, b"gimp xcf ", LAYERED),
    (38, b"application/x-krita", LAYERED),
    (38, b"image/openraster", LAYERED),
    (0, git_lfs.SIGNATURE, LFS_POINTER),
)
_NETPBM_HEADER = re.compile(rb"P[1-6]\s(?:\s|#[^\n]*\n)*\d+\s+\d+\s")
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(  # of all codecs: H.264, JPEG, JPEG 2000, H.266, EVC
    {*_HEIC_BRANDS, *_AVIF_BRANDS, b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"avci", b"avcs", b"jpeg"}
    | {b"jpgs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi", b"evbs", b"evmi", b"evms"}
)
_VIDEO_BRANDS = (b"qt  ", b"iso", b"mp4", b"3g", b"M4V")
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_FILE_TYPE = frozenset({b"ftyp"})
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_BITMAP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})  # sizes, in bytes, of all versions


def identify(head: bytes, suffix: str) -> Media | ForeignKind | None:
    """The kind of a file with these first `HEAD_BYTES` and this suffix, in lower case; None if unknown."""
    known = _identify_content(head, suffix) or _identify_suffix(suffix)
    if known is HEIC and heic.is_available():
        return "image"
    return "image" if known is AVIF and features.check("avif") else known


def find_by_reason(reason: str) -> ForeignKind | None:
    """The kind whose files are skipped for this reason; None for a reason of one file alone."""
    return _BY_REASON.get(reason)


def describe_unknown(head: bytes) -> str:
    """What a file is that is no known kind; continues a sentence that begins with the file's name."""
    if is_text(head):
        return "is a text file, not a picture"
    return "is not a picture in a format that limner can read"


def is_text(head: bytes) -> bool:
    """Whether these bytes are plain text."""
    return bool(head) and not any(byte < 9 or 13 < byte < 27 for byte in head)


def is_box(head: bytes, names: Container[bytes]) -> bool:
    """Whether these bytes begin a box (an atom) of QuickTime's or MP4's, and its name is one of these.

    Some names are words, as in a text that begins with `The free`.
    """
    return head[4:8] in names and not is_text(head)


def _identify_suffix(suffix: str) -> Media | ForeignKind | None:
    return "image" if suffix in PICTURE_SUFFIXES else _FOREIGN_SUFFIXES.get(suffix)


def _identify_content(head: bytes, suffix: str) -> Media | ForeignKind | None:
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if head.startswith(_TIFF_SIGNATURES):
        is_raw = _FOREIGN_SUFFIXES.get(suffix) is RAW or _begins_with_thumbnail(head)
        return RAW if is_raw else "image"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "image"
    if is_box(head, _FILE_TYPE) and len(head) >= 12:
        return _identify_brands(head, suffix)
    if is_box(head, _QUICKTIME_ATOMS) or _is_transport_stream(head) or _is_ogg_video(head):
        return "video"
    return _identify_text(head)


def _begins_with_thumbnail(head: bytes) -> bool:
    """Whether a TIFF file's first page is a smaller copy of another, as in RAW photos of most makers.

    Its first tag is then NewSubfileType (254), a LONG (type 4), with the lowest bit set.
    """
    order = "<" if head.startswith(b"II") else ">"
    offset = int.from_bytes(head[4:8], "little" if order == "<" else "big")
    if head[2:4] in {b"+\0", b"\0+"} or offset + 14 > len(head):
        return False  # a BigTIFF, or its first page is described later in the file
    tag, kind, _, value = struct.unpack_from(f"{order}HHII", head, offset + 2)
    return bool(tag == 254 and kind == 4 and value & 1)


def _identify_brands(head: bytes, suffix: str) -> Media | ForeignKind | None:
    """The kind of an ISO base media file, by its major brand and the compatible ones."""
    major = head[8:12]
    if major == b"crx ":
        return RAW  # CR3
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {major, *(head[at : at + 4] for at in range(16, end, 4))}
    # Makers have major brands of their own, in pictures and in videos.
    has_heif_brand, has_heif_suffix = bool(brands & _HEIF_BRANDS), _identify_suffix(suffix) is HEIC
    is_video = major.startswith(_VIDEO_BRANDS)
    if (has_heif_brand and has_heif_suffix) if is_video else (has_heif_brand or has_heif_suffix):
        is_avif = major in _AVIF_BRANDS or (major not in _HEIC_BRANDS and brands & _AVIF_BRANDS)
        return AVIF if is_avif else HEIC
    return None if major in _AUDIO_BRANDS else "video"


def _is_transport_stream(head: bytes) -> bool:
    """Whether three packets begin with the sync byte: of 188 bytes, or of 192 as camcorders write them."""
    return any(
        len(head) > start + 2 * size and all(head[start + n * size] == 0x47 for n in range(3))
        for start, size in ((0, 188), (4, 192))
    )


def _is_ogg_video(head: bytes) -> bool:
    return head.startswith(b"OggS") and b"theora" in head


def _identify_text(head: bytes) -> ForeignKind | None:
    if _NETPBM_HEADER.match(head):
        return NETPBM
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_xml = start.startswith((b"<?xml", b"<!--", b"<!doctype svg"))
    return SVG if start.startswith(b"<svg") or (is_xml and b"<svg" in start) else None
