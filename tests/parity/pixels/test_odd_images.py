"""Pictures that are not plain RGB, or of an odd shape, become what Keras's load_img makes of them, at their own size and resized; or they are
refused with the reason."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import png_writer
import pytest
from decoder import DecodeError
from PIL import Image, ImageOps

ORIENTATION = 0x0112  # EXIF tag; 6: turn by 90 degrees to the right
MAX_SIDE = 16_384
JPEG_TOLERANCE = 1  # between versions of libjpeg-turbo


def photo(width, height, channels=3):
    """Smooth colours with a hard edge: no two channels are alike, and the four corners differ."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 100 * np.sin(x / (9 + 4 * c) + c) * np.cos(y / (7 + 3 * c)) for c in range(channels)]
    pixels = np.stack(planes, -1)
    pixels[: height // 2, : width // 3] = 20
    return np.clip(pixels, 0, 255).astype(np.uint8)


def load_img(path, size=None):
    return keras.utils.img_to_array(keras.utils.load_img(path, target_size=size and (size[1], size[0]), interpolation="bilinear")).astype(np.uint8)


def check(decoder, path, tolerance=0):
    for size in (None, (40, 33)):
        expected, actual = load_img(path, size), decoder.decode(path, size, "bilinear")
        assert actual.shape == expected.shape
        assert np.abs(actual.astype(int) - expected).max() <= tolerance, size


def exif(orientation):
    data = Image.Exif()
    data[ORIENTATION] = orientation
    return data


def in_mode(mode, width=67, height=45):
    if mode == "I;16":
        return Image.fromarray(photo(width, height)[:, :, 0].astype(np.uint16) * 5)
    if mode == "PA":
        return Image.fromarray(photo(width, height, 4), mode="RGBA").quantize(20)
    if mode in ("RGBA", "CMYK"):
        return Image.fromarray(photo(width, height, 4), mode=mode)
    if mode == "LA":
        return Image.merge("LA", Image.fromarray(photo(width, height)).split()[:2])
    return Image.fromarray(photo(width, height)).convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "I;16"])
def test_png_modes(decoder, tmp_path, mode):
    path = tmp_path / "picture.png"
    in_mode(mode).save(path)
    check(decoder, path)


def test_palette_with_a_transparent_colour(decoder, tmp_path):
    path = tmp_path / "picture.png"
    in_mode("P").save(path, transparency=3)
    check(decoder, path)


@pytest.mark.parametrize("bit_depth,colour_type", [(8, 2), (8, 6), (16, 2), (4, 3), (1, 0), (16, 4)])
def test_interlaced_png(decoder, tmp_path, bit_depth, colour_type):
    rng = np.random.default_rng(colour_type)
    palette = rng.integers(0, 256, 3 << bit_depth, np.uint8).tobytes() if colour_type == 3 else None
    samples = rng.integers(0, 1 << bit_depth, (45, 67, png_writer.CHANNELS[colour_type]))
    path = tmp_path / "picture.png"
    path.write_bytes(png_writer.encode(samples, bit_depth, colour_type, interlaced=True, palette=palette))
    check(decoder, path)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_modes(decoder, tmp_path, mode, progressive):
    path = tmp_path / "picture.jpg"
    in_mode(mode).save(path, quality=92, progressive=progressive)
    check(decoder, path, JPEG_TOLERANCE)


def test_ycck_jpeg(decoder, tmp_path):
    path = tmp_path / "picture.jpg"
    in_mode("CMYK").save(path, quality=92)
    data = bytearray(path.read_bytes())
    data[data.index(b"Adobe") + 11] = 2  # the marker's transform: YCCK
    path.write_bytes(data)
    check(decoder, path, JPEG_TOLERANCE)


def test_jpeg_that_keeps_rgb(decoder, tmp_path):
    path = tmp_path / "picture.jpg"
    in_mode("RGB").save(path, quality=92, keep_rgb=True)
    check(decoder, path, JPEG_TOLERANCE)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_exif_orientation_is_left_alone_as_load_img_leaves_it(decoder, tmp_path, suffix, orientation):
    path = tmp_path / f"turned.{suffix}"
    in_mode("RGB").save(path, exif=exif(orientation), **({"lossless": True} if suffix == "webp" else {}))
    with Image.open(path) as image:
        turned = np.asarray(ImageOps.exif_transpose(image))
    assert not np.array_equal(turned, load_img(path)), "the file says that it is to be turned"
    check(decoder, path, JPEG_TOLERANCE if suffix == "jpg" else 0)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2)])
def test_tiny_and_thin_pictures(decoder, tmp_path, suffix, size):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(photo(*size)).save(path, **({"lossless": True} if suffix == "webp" else {}))
    check(decoder, path, JPEG_TOLERANCE if suffix == "jpg" else 0)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("size", [(MAX_SIDE, 1), (1, MAX_SIDE)])
def test_the_longest_side(decoder, tmp_path, suffix, size):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(photo(*size)).save(path)
    check(decoder, path, JPEG_TOLERANCE if suffix == "jpg" else 0)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (MAX_SIDE + 1, 1)])
def test_longer_sides_are_refused_with_the_reason(decoder, tmp_path, suffix, size):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(photo(*size)).save(path)
    with pytest.raises(DecodeError, match=rf"it has {size[0]} x {size[1]} pixels, the limit for a side is {MAX_SIDE}"):
        decoder.decode(path)


@pytest.mark.parametrize("suffix", ["bmp", "gif", "tiff"])
def test_other_formats_are_refused_by_their_content(decoder, tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    in_mode("P").save(path)
    disguised = path.rename(tmp_path / "picture.png")
    with pytest.raises(DecodeError, match="not a JPEG, PNG or WebP file"):
        decoder.decode(disguised)
