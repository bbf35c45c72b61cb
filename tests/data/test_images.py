"""Reading every kind of picture file, and refusing other files with a reason."""

import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from helpers.files import damage, scene
from limner.data.animations import AnimationReader, measure_animation
from limner.data.images import (
    UnreachableFile,
    UnreadableFile,
    inspect_image,
    plan_resize,
    read_image,
    resize,
)
from limner.mark import read_image_mark


def reason(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_image(path, at_least=64)
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp"])
def test_every_format_is_read_as_upright_rgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    picture = scene(80, 60)
    picture.save(path)
    image = read_image(path, at_least=60)
    assert (image.mode, image.size) == ("RGB", (80, 60))
    apart = np.abs(np.asarray(image, int) - np.asarray(picture, int)).mean()
    assert apart < 12  # GIF has 256 colours, JPEG is lossy


def test_the_content_decides_the_format(tmp_path: Path) -> None:
    scene(40, 30).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg", at_least=8).size == (40, 30)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_photos_stored_on_their_side_are_rotated(tmp_path: Path, orientation: int) -> None:
    picture = Image.new("RGB", (60, 40), "black")
    picture.paste("red", (0, 0, 60, 8))
    turned = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    stored = picture.transpose(turned.get(orientation, Image.Transpose.ROTATE_270))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg", at_least=40)
    assert image.size == inspect_image(tmp_path / "a.jpg", at_least=8).size == (60, 40)
    red, _, _ = image.getpixel((30, 3))  # type: ignore[misc]
    assert red > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_equal_pillow_s(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene(60, 40).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as stored:
        expected = ImageOps.exif_transpose(stored)
    image = read_image(tmp_path / "a.png", at_least=40)
    assert image.size == inspect_image(tmp_path / "a.png", at_least=8).size
    np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))


BROKEN_EXIF = """
import sys
from pathlib import Path
import numpy as np
from limner.data.images import inspect_image, read_image

path = Path(sys.argv[1])
whole = path.read_bytes()
start, rng = whole.index(b"Exif") + 6, np.random.default_rng(0)
for _ in range(300):
    broken = bytearray(whole)
    for at in rng.integers(start, start + 60, 4):
        broken[at] = rng.integers(256)
    path.write_bytes(broken)
    info, image = inspect_image(path, at_least=24), read_image(path, at_least=24)
    assert sorted(info.size) == sorted(image.size) == [24, 32]
"""


def test_broken_exif_is_ignored_without_a_warning(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description that is not kept with its tag"
    scene(32, 24).save(tmp_path / "a.jpg", exif=exif)
    # In a separate process, because pytest handles warnings differently.
    command = [sys.executable, "-c", BROKEN_EXIF, str(tmp_path / "a.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_transparent_parts_become_white(tmp_path: Path, mode: str) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 10, 20))
    if mode == "P":
        image = clear.quantize(8)
    elif mode == "PA":
        image = clear.convert("LA")
    else:
        image = clear.convert(mode)
    image.save(tmp_path / "a.png")
    read = np.asarray(read_image(tmp_path / "a.png", at_least=8))
    assert (read[:, 15] > 250).all()
    assert read[5, 5, 1] < 130


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "P"])
def test_other_colour_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    scene(30, 20).convert(mode).save(tmp_path / "a.tif")
    image = read_image(tmp_path / "a.tif", at_least=8)
    assert (image.mode, image.size) == ("RGB", (30, 20))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_grey_of_16_bits_is_scaled_and_not_clipped(tmp_path: Path, suffix: str) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (8, 1))).save(tmp_path / f"a.{suffix}")
    read = np.asarray(read_image(tmp_path / f"a.{suffix}", at_least=8))
    assert np.abs(read[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_floats_of_0_to_1_keep_their_brightness(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8), 0.25, np.float32)).save(tmp_path / "a.tif")
    assert abs(int(np.asarray(read_image(tmp_path / "a.tif", at_least=8))[0, 0, 0]) - 64) <= 1


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = scene(20, 20)
    for name, data in (("good", profile), ("bad", b"no profile")):
        picture.save(tmp_path / f"{name}.png", icc_profile=data)
        read = np.asarray(read_image(tmp_path / f"{name}.png", at_least=8), int)
        assert np.abs(read - np.asarray(picture, int)).max() <= 2


def test_files_that_are_no_pictures_are_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a picture at all")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "noise.png").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "pointer.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert reason(tmp_path / "text.jpg") == "is a text file, not a picture"
    assert reason(tmp_path / "empty.png") == "is an empty file"
    assert reason(tmp_path / "noise.png") == "is not a picture in a format that limner can read"
    assert reason(tmp_path / "pointer.jpg") == "is Git LFS's pointer to the file: run `git lfs pull`"
    with pytest.raises(UnreachableFile):
        read_image(tmp_path / "missing.jpg", at_least=8)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (90, 90, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged or cut off" in reason(path)


@pytest.mark.parametrize("suffix", ["avif", "webp", "png", "gif", "jpg", "tif", "bmp"])
@pytest.mark.parametrize("count", [1, 3])
def test_noise_anywhere_gives_pictures_or_a_reason(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"a.{suffix}"
    pictures = [scene(40, 30, seed) for seed in range(count)]
    options = {"save_all": True, "append_images": pictures[1:]} if suffix not in {"jpg", "bmp"} else {}
    pictures[0].save(path, **options)  # type: ignore[arg-type]
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        data = whole.copy()
        data[rng.integers(0, len(data), 6)] = rng.integers(0, 256, 6, np.uint8)
        path.write_bytes(data.tobytes())
        read_image_mark(path)
        with suppress(UnreadableFile):
            assert read_image(path, at_least=8).mode == "RGB"
        with suppress(UnreadableFile):
            if inspect_image(path, at_least=8).is_animated:
                assert measure_animation(path).frames >= len(list(AnimationReader(path, 2)))


def test_a_damaged_avif_is_refused(tmp_path: Path) -> None:
    """Pillow's plugin for AVIF has an error of its own."""
    pictures = [scene(64, 48, seed) for seed in range(3)]
    pictures[0].save(tmp_path / "still.avif")
    assert "Decoding of color planes failed" in reason(damage(tmp_path / "still.avif", at=0.6, share=0.2))
    pictures[0].save(tmp_path / "moving.avif", save_all=True, append_images=pictures[1:])
    assert measure_animation(damage(tmp_path / "moving.avif", at=0.7, share=0.3)).frames == 1


def test_a_long_panorama_is_decoded_small(tmp_path: Path) -> None:
    path = tmp_path / "panorama.jpg"
    Image.new("RGB", (20_000, 1_000), "teal").save(path)
    image = read_image(path, at_least=100)
    assert inspect_image(path, at_least=8).size == (20_000, 1_000)
    assert image.size == (2_500, 125)


def test_a_huge_photo_is_read_and_a_huge_png_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Image.new("L", (20_000, 10_000), 90).save(tmp_path / "a.jpg")
        assert read_image(tmp_path / "a.jpg", at_least=100).size == (2_500, 1_250)
        Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")
        assert "fit in memory" in reason(tmp_path / "a.png")


def test_the_plan_keeps_the_middle_and_sets_the_short_side() -> None:
    assert plan_resize(600, 400, 100).box == (0, 0, 600, 400)
    assert (plan_resize(600, 400, 100).width, plan_resize(600, 400, 100).height) == (150, 100)
    panorama = plan_resize(20_000, 1_000, 100)
    assert (panorama.width, panorama.height, panorama.trimmed) == (400, 100, True)
    assert panorama.box == (8_000, 0, 12_000, 1_000)
    assert plan_resize(50, 90, 100).enlarged
    assert not plan_resize(100, 100, 100).enlarged


def test_shrinking_keeps_the_mean() -> None:
    picture = scene(640, 480)
    small = resize(picture, plan_resize(640, 480, 30))
    assert small.size == (40, 30)
    means = [np.asarray(image, float).mean() for image in (picture, small)]
    assert abs(means[0] - means[1]) < 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has a file whose reading fails")
def test_a_file_that_opens_and_cannot_be_read_gives_a_reason() -> None:
    with pytest.raises(UnreachableFile, match=r"^cannot be read \(Input/output error\)$"):
        read_image(Path("/proc/self/mem"), at_least=1)
