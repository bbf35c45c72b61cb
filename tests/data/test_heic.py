"""HEIC pictures: read with pillow-heif, and passed over with advice without it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import photos, scene
from helpers.stores import prepare_store
from limner.data import heic
from limner.data.images import UnreadableFile, inspect_image, read_image

ADVICE = 'is a HEIC picture: run `pip install "limner[heic]"`, or export it as JPEG'


def test_without_pillow_heif_they_are_skipped_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heic, "is_available", lambda: False)
    source = photos(tmp_path / "in", 2)
    for name in ("a.heic", "named.jpg", "b.HEIF"):
        (source / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    with pytest.raises(UnreadableFile) as caught:
        read_image(source / "named.jpg", at_least=8)
    assert str(caught.value) == ADVICE
    _, report = prepare_store(tmp_path / "store", source)
    assert {reason for _, reason in report.skipped} == {ADVICE}
    assert (
        "3 HEIC pictures are skipped (a.heic, b.HEIF, named.jpg): "
        'run `pip install "limner[heic]"`, or export them as JPEG.'
    ) in report.sentences()


def test_a_jpeg_named_heic_is_read(tmp_path: Path) -> None:
    """As iPhones export: the content is converted, the name is not."""
    scene(60, 40).save(tmp_path / "IMG_1.HEIC", "JPEG")
    pictures, report = prepare_store(tmp_path / "store", photos(tmp_path, 1))
    assert (len(pictures), report.skipped) == (2, ())
    assert pictures.name(0) == "IMG_1.HEIC"


def test_it_is_imported_only_when_a_file_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(heic, "is_available", lambda: True)
    monkeypatch.setattr(heic, "register", lambda: calls.append("register"))
    scene(60, 40).save(tmp_path / "a.png")
    read_image(tmp_path / "a.png", at_least=8)
    assert calls == []
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        read_image(tmp_path / "a.heic", at_least=8)
    assert calls == ["register"]


def test_with_pillow_heif_they_are_read_upright(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    heic.register()
    picture = Image.new("RGB", (64, 48), "black")
    picture.paste("red", (0, 0, 64, 12))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.heic", exif=exif.tobytes(), quality=95)
    (tmp_path / "named.jpg").write_bytes((tmp_path / "a.heic").read_bytes())
    for name in ("a.heic", "named.jpg"):
        image = read_image(tmp_path / name, at_least=8)
        assert image.size == inspect_image(tmp_path / name, at_least=8).size == (64, 48)
        pixels = np.asarray(image)
        assert pixels[4, :, 0].min() > 200
        assert pixels[40].max() < 60
    (tmp_path / "cut.heic").write_bytes((tmp_path / "a.heic").read_bytes()[:300])
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        read_image(tmp_path / "cut.heic", at_least=8)


@pytest.mark.parametrize("brand", [b"heic", b"mif2", b"avci", b"MiHE"])
def test_with_pillow_heif_every_major_brand_is_read_as_a_still(tmp_path: Path, brand: bytes) -> None:
    pytest.importorskip("pillow_heif")
    heic.register()
    source = photos(tmp_path / "in", 1)
    scene(64, 48, seed=9).save(source / "a.heic")
    content = (source / "a.heic").read_bytes()
    (source / "a.heic").write_bytes(content[:8] + brand + content[12:])
    pictures, report = prepare_store(tmp_path / "store", source)
    assert (pictures.name(0), len(pictures), report.skipped, report.videos) == ("a.heic", 2, (), 0)


def test_with_pillow_heif_only_the_first_picture_of_a_burst_is_used_and_that_is_said(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pillow_heif")
    heic.register()
    source = photos(tmp_path / "in", 1)
    burst = [scene(64, 48, seed) for seed in (7, 8, 9)]
    burst[0].save(source / "burst.heic", save_all=True, append_images=burst[1:])
    pictures, report = prepare_store(tmp_path / "store", source)
    assert (len(pictures), report.first_pages) == (2, 1)
