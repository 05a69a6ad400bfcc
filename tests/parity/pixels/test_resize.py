"""Resized pixels equal those of Keras's load_img and flow_from_directory: for PNG bit for bit, for JPEG within 1."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image

INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
SOURCES = [(1, 1), (1, 7), (7, 1), (2, 3), (13, 9), (150, 150), (151, 149), (333, 200), (900, 37), (37, 640), (801, 600)]  # width, height
TARGETS = [(1, 1), (1, 5), (5, 1), (3, 3), (9, 8), (64, 33), (150, 150), (224, 224), (299, 301)]


def noise(width, height):
    """Noise with hard edges, so that filters overshoot and clip."""
    rng = np.random.default_rng(width * 1000 + height)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[: height // 2] = np.where(pixels[: height // 2] > 127, 255, 0)
    return Image.fromarray(pixels)


def keras_pixels(path, size, interpolation):
    image = keras.utils.load_img(path, target_size=(size[1], size[0]), interpolation=interpolation)
    return keras.utils.img_to_array(image).astype(np.uint8)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_png_resizes_bit_for_bit(decoder, tmp_path, source, interpolation):
    path = tmp_path / "noise.png"
    noise(*source).save(path, compress_level=1)
    width, height = source
    for target in TARGETS + [source, (width, 20), (20, height)]:
        np.testing.assert_array_equal(decoder.decode(path, target, interpolation), keras_pixels(path, target, interpolation), err_msg=str(target))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_random_sizes_resize_bit_for_bit(decoder, tmp_path, interpolation):
    rng = np.random.default_rng(7)
    path = tmp_path / "noise.png"
    for _ in range(40):
        source = tuple(int(side) for side in rng.integers(1, 400, 2))
        target = tuple(int(side) for side in rng.integers(1, 400, 2))
        noise(*source).save(path, compress_level=1)
        expected = keras_pixels(path, target, interpolation)
        np.testing.assert_array_equal(decoder.decode(path, target, interpolation), expected, err_msg=f"{source} -> {target}")


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_jpeg_resizes_within_one(decoder, tmp_path, interpolation):
    path = tmp_path / "noise.jpg"
    for source in SOURCES:
        noise(*source).save(path, quality=85)
        for target in TARGETS:
            difference = decoder.decode(path, target, interpolation).astype(int) - keras_pixels(path, target, interpolation)
            assert np.abs(difference).max() <= 1, (source, target)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_modes_are_converted_before_resizing(decoder, tmp_path, mode):
    path = tmp_path / "mode.png"
    image = noise(90, 70)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image)[:, :, 0].astype(np.uint16) * 4)
    else:
        image = image.quantize(30) if mode == "P" else image.convert(mode)
    image.save(path)
    for interpolation in INTERPOLATIONS:
        np.testing.assert_array_equal(decoder.decode(path, (40, 44), interpolation), keras_pixels(path, (40, 44), interpolation))


def directory_pixels(folder, size, interpolation):
    """Paths and pixels as flow_from_directory yields them, all in one batch."""
    generator = ImageDataGenerator().flow_from_directory(
        folder, target_size=(size[1], size[0]), interpolation=interpolation, class_mode=None, shuffle=False, batch_size=10_000
    )
    return generator.filepaths, np.asarray(next(generator)).astype(np.uint8)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_flow_from_directory(decoder, tmp_path, interpolation):
    for i, source in enumerate(SOURCES):
        folder = tmp_path / f"class_{i % 3}"
        folder.mkdir(exist_ok=True)
        noise(*source).save(folder / f"{i}.png", compress_level=1)
    paths, expected = directory_pixels(tmp_path, (60, 50), interpolation)
    assert len(paths) == len(SOURCES)
    for path, pixels in zip(paths, expected):
        np.testing.assert_array_equal(decoder.decode(path, (60, 50), interpolation), pixels, err_msg=path)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_sample_photos_as_flow_from_directory_yields_them(decoder, sample_dir, interpolation):
    for size in [(150, 150), (112, 96)]:
        paths, expected = directory_pixels(sample_dir, size, interpolation)
        for path, pixels in zip(paths, expected):
            np.testing.assert_array_equal(decoder.decode(path, size, interpolation), pixels, err_msg=path)
