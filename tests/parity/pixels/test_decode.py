"""Decoded pixels equal those of Pillow's Image.open(...).convert("RGB")."""

import io

import numpy as np
import png_writer
import pytest
from decoder import DecodeError
from PIL import Image

SIZES = [(1, 1), (1, 9), (9, 1), (5, 3), (37, 23), (64, 48)]  # width, height
PNG_TYPES = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]


def pillow_rgb(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def photo(width, height, channels=3, seed=0):
    """Smooth colours, some noise and an edge: what JPEG and WebP treat in different ways."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 100 * np.sin(x / (7 + 3 * c) + c) * np.cos(y / (5 + 2 * c)) for c in range(channels)]
    pixels = np.stack(planes, -1) + rng.normal(0, 6, (height, width, channels))
    pixels[height // 2 :, width // 3 : width // 2] = 250
    return np.clip(pixels, 0, 255).astype(np.uint8)


def check(decoder, path, tolerance=0):
    expected = pillow_rgb(path)
    actual = decoder.decode(path)
    assert actual.shape == expected.shape
    assert np.abs(actual.astype(int) - expected).max() <= tolerance


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "interlaced"])
@pytest.mark.parametrize("colour_type,bit_depth", PNG_TYPES)
def test_png_of_every_type(decoder, tmp_path, colour_type, bit_depth, interlaced):
    rng = np.random.default_rng(colour_type * 100 + bit_depth)
    palette = rng.integers(0, 256, 3 << bit_depth, np.uint8).tobytes() if colour_type == 3 else None
    for width, height in SIZES:
        samples = rng.integers(0, 1 << bit_depth, (height, width, png_writer.CHANNELS[colour_type]))
        path = tmp_path / f"{width}x{height}.png"
        path.write_bytes(png_writer.encode(samples, bit_depth, colour_type, interlaced, palette))
        check(decoder, path)


def test_png_16_bit_grey_is_clipped_and_not_scaled(decoder, tmp_path):
    path = tmp_path / "grey16.png"
    samples = np.array([0, 1, 128, 254, 255, 256, 257, 511, 512, 32768, 65535]).reshape(1, -1, 1)
    path.write_bytes(png_writer.encode(samples, 16, 0))
    check(decoder, path)
    assert decoder.decode(path)[0, :, 0].tolist() == [0, 1, 128, 254, 255] + [255] * 6


@pytest.mark.parametrize(
    "colour_type,bit_depth,transparency",
    [(0, 8, b"\0\x07"), (0, 16, b"\x01\x07"), (2, 8, b"\0\x01\0\x02\0\x03"), (3, 8, bytes(range(200))), (3, 2, b"\0\xff")],
)
def test_png_transparency_is_dropped(decoder, tmp_path, colour_type, bit_depth, transparency):
    rng = np.random.default_rng(3)
    palette = rng.integers(0, 256, 3 << bit_depth, np.uint8).tobytes() if colour_type == 3 else None
    samples = rng.integers(0, 1 << min(bit_depth, 4), (11, 13, png_writer.CHANNELS[colour_type]))
    path = tmp_path / "transparent.png"
    path.write_bytes(png_writer.encode(samples, bit_depth, colour_type, palette=palette, transparency=transparency))
    check(decoder, path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_as_pillow_writes_it(decoder, tmp_path, mode):
    for width, height in SIZES:
        image = Image.fromarray(photo(width, height))
        if mode == "P":
            image = image.quantize(17)
        elif mode == "I;16":
            image = Image.fromarray(photo(width, height)[:, :, 0].astype(np.uint16) * 3)
        else:
            image = image.convert(mode)
        path = tmp_path / f"{width}x{height}.png"
        image.save(path)
        check(decoder, path)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}, {"quality": 97, "optimize": True}, {"restart_marker_rows": 1}])
def test_jpeg(decoder, tmp_path, subsampling, options):
    for width, height in SIZES:
        path = tmp_path / f"{width}x{height}.jpg"
        Image.fromarray(photo(width, height)).save(path, subsampling=subsampling, **options)
        check(decoder, path, tolerance=1)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_other_colours(decoder, tmp_path, mode, progressive):
    for width, height in SIZES:
        path = tmp_path / f"{width}x{height}.jpg"
        pixels = photo(width, height, 4) if mode == "CMYK" else photo(width, height)[:, :, 0]
        Image.fromarray(pixels, mode=mode).save(path, progressive=progressive, quality=90)
        check(decoder, path, tolerance=1)


def test_jpeg_with_luma_and_key(decoder, tmp_path):
    """YCCK: a CMYK file whose Adobe marker says that its colours are transformed."""
    path = tmp_path / "ycck.jpg"
    Image.fromarray(photo(40, 30, 4), mode="CMYK").save(path, quality=90)
    data = bytearray(path.read_bytes())
    marker = data.index(b"Adobe")
    data[marker + 11] = 2
    path.write_bytes(data)
    check(decoder, path, tolerance=1)


def test_exif_orientation_is_not_applied(decoder, tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(40, 30)).save(path, exif=exif)
    assert decoder.decode(path).shape == (30, 40, 3)
    check(decoder, path, tolerance=1)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 60}, {"quality": 95, "method": 6}])
@pytest.mark.parametrize("alpha", [False, True])
def test_webp(decoder, tmp_path, options, alpha):
    for width, height in SIZES:
        path = tmp_path / f"{width}x{height}.webp"
        Image.fromarray(photo(width, height, 4 if alpha else 3)).save(path, exact=True, **options)
        check(decoder, path)


@pytest.mark.parametrize("suffix,options", [("png", {}), ("jpg", {"quality": 90}), ("jpg", {"progressive": True}), ("webp", {"lossless": True})])
def test_truncated_files_are_refused(decoder, tmp_path, suffix, options):
    data = io.BytesIO()
    Image.fromarray(photo(60, 40)).save(data, format={"jpg": "JPEG"}.get(suffix, suffix), **options)
    for length in range(0, len(data.getvalue()) - 16, 97):
        path = tmp_path / f"{length}.{suffix}"
        path.write_bytes(data.getvalue()[:length])
        with pytest.raises(DecodeError):
            decoder.decode(path)


def test_sample_photos(decoder, sample_dir):
    paths = sorted(sample_dir.glob("*/*.png"))
    assert paths
    for path in paths:
        check(decoder, path)
