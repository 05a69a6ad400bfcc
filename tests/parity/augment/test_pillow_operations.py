"""Colour operations equal Pillow's ImageEnhance and ImageOps, bit for bit; hue, crops and erasures those that torchvision makes of Pillow's."""

import itertools
import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

SIZES = [(1, 1), (2, 3), (3, 3), (33, 17), (150, 150)]  # width, height
FACTORS = [0, 0.1, 0.37, 0.999, 1, 1.0001, 1.5, 1.9, 3.3, 40]


def noise(width, height, seed=0, low=0, high=256):
    return np.random.default_rng(seed).integers(low, high, (height, width, 3), np.uint8)


def photo(width, height):
    """Smooth colours and an edge, with few different values in blue."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([120 + 90 * np.sin(x / 9), 130 + 60 * np.cos(y / 7 + x / 30), 8 * (x // 20 % 7)], -1)
    pixels[height // 2 :, width // 3 : width // 2] = 235
    return pixels.astype(np.uint8)


def pictures():
    for width, height in SIZES:
        yield noise(width, height)
        yield noise(width, height, 1, 90, 99)
        yield photo(width, height)
    yield np.full((7, 9, 3), 77, np.uint8)
    yield np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), -1).reshape(18 * 18, 18, 3)  # of all colours some


def check(augmenter, steps, operation):
    for pixels in pictures():
        expected = np.asarray(operation(Image.fromarray(pixels)))
        actual = augmenter.apply(steps, pixels[None])[0]
        assert np.array_equal(actual, expected), f"{steps} on {pixels.shape}: {np.abs(actual.astype(int) - expected).max()}"


def adjust_hue(image, turns):
    hue, saturation, value = image.convert("HSV").split()
    shifted = np.asarray(hue) + np.array(int(turns * 255)).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(shifted), saturation, value)).convert("RGB")


def exactly(factor):
    return {"choice": [factor]}


@pytest.mark.parametrize(
    "setting,enhancement",
    [("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast), ("saturation", ImageEnhance.Color)],
)
def test_jitter_by_a_given_factor(augmenter, setting, enhancement):
    for factor in FACTORS:
        check(augmenter, [{"color_jitter": {setting: exactly(factor)}}], lambda image, f=factor: enhancement(image).enhance(f))


def test_hue(augmenter):
    for turns in (-0.5, -0.31, -0.004, 0.002, 0.1, 0.25, 0.5):
        check(augmenter, [{"color_jitter": {"hue": exactly(turns)}}], lambda image, t=turns: adjust_hue(image, t))


def test_hue_of_every_colour(augmenter):
    values = np.arange(256, dtype=np.uint8)
    for blue in range(0, 256, 5):
        pixels = np.stack(np.broadcast_arrays(values[:, None], values[None, :], np.uint8(blue)), -1)
        actual = augmenter.apply([{"color_jitter": {"hue": exactly(0.25)}}], pixels[None])[0]
        assert np.array_equal(actual, np.asarray(adjust_hue(Image.fromarray(pixels), 0.25)))


def test_jitter_is_one_of_the_24_orders(augmenter):
    changes = {
        "brightness": lambda image: ImageEnhance.Brightness(image).enhance(1.6),
        "contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.5),
        "saturation": lambda image: ImageEnhance.Color(image).enhance(1.8),
        "hue": lambda image: adjust_hue(image, 0.2),
    }
    settings = {"brightness": exactly(1.6), "contrast": exactly(0.5), "saturation": exactly(1.8), "hue": exactly(0.2)}
    pixels = photo(40, 31)
    possible = {}
    for order in itertools.permutations(changes):
        image = Image.fromarray(pixels)
        for name in order:
            image = changes[name](image)
        possible[image.tobytes()] = order
    results = augmenter.apply([{"color_jitter": settings}], np.repeat(pixels[None], 300, 0))
    seen = {possible[result.tobytes()] for result in results}  # a KeyError: no order gives this
    assert len(seen) == len(possible)


def test_jitter_by_strengths_stays_within_them(augmenter):
    """Grey level 100 shows the factor of brightness itself, its fraction dropped: uniform from 0.6 to 1.4, so with a deviation of 0.231."""
    results = augmenter.apply([{"color_jitter": 0.4}], np.full((4000, 1, 1, 3), 100, np.uint8))[:, 0, 0, 0] / 100 + 0.005
    assert 0.595 <= results.min() <= 0.615 and 1.385 <= results.max() <= 1.405
    assert abs(results.mean() - 1) < 4 * 0.231 / math.sqrt(4000)
    assert abs(results.std() - 0.8 / math.sqrt(12)) < 0.01


def test_sharpness(augmenter):
    for factor in FACTORS:
        check(augmenter, [{"sharpness": factor}], lambda image, f=factor: ImageEnhance.Sharpness(image).enhance(f))


def test_posterize_and_solarize(augmenter):
    for bits in range(1, 9):
        check(augmenter, [{"posterize": bits}], lambda image, b=bits: ImageOps.posterize(image, b))
    for threshold in (0, 1, 127.5, 128, 255, 256):
        check(augmenter, [{"solarize": threshold}], lambda image, t=threshold: ImageOps.solarize(image, t))


def test_operations_without_strength(augmenter):
    check(augmenter, ["autocontrast"], ImageOps.autocontrast)
    check(augmenter, ["equalize"], ImageOps.equalize)
    check(augmenter, ["invert"], ImageOps.invert)
    check(augmenter, [{"random_grayscale": 1}], lambda image: image.convert("L").convert("RGB"))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_crop_is_pillows_crop_and_resize(augmenter, interpolation):
    """Area and ratio are given, so only the place is drawn: each result is one of all places', and all places occur."""
    pixels = noise(12, 9)
    image = Image.fromarray(pixels)
    width, height = round(math.sqrt(12 * 9 * 0.5 * 1.2)), round(math.sqrt(12 * 9 * 0.5 / 1.2))
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "nearest": Image.Resampling.NEAREST}
    possible = {
        image.crop((x, y, x + width, y + height)).resize((12, 9), filters[interpolation]).tobytes()
        for x in range(12 - width + 1)
        for y in range(9 - height + 1)
    }
    step = {"random_resized_crop": {"scale": 0.5, "ratio": 1.2, "interpolation": interpolation}}
    results = {result.tobytes() for result in augmenter.apply([step], np.repeat(pixels[None], 400, 0))}
    assert results == possible


def test_crop_that_fits_nowhere_is_the_largest_in_the_middle(augmenter):
    pixels = noise(40, 10)
    expected = Image.fromarray(pixels).crop((13, 0, 26, 10)).resize((40, 10), Image.Resampling.BILINEAR)
    actual = augmenter.apply([{"random_resized_crop": {"scale": 1}}], pixels[None])[0]
    assert np.array_equal(actual, np.asarray(expected))


def erased(results, pixels):
    """For each result that differs: top, left, height, width of what does, all of which must."""
    for result in results:
        changed = (result != pixels).any(-1)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        if not len(rows):
            continue
        assert changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        yield result, rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_erasures_have_the_documented_chance_area_and_ratio(augmenter):
    pixels = np.full((60, 80, 3), 50, np.uint8)
    boxes = list(erased(augmenter.apply(["random_erasing"], np.repeat(pixels[None], 2000, 0)), pixels))
    assert abs(len(boxes) / 2000 - 0.5) < 4 * 0.5 / math.sqrt(2000)
    areas = np.array([height * width / (60 * 80) for _, _, _, height, width in boxes])
    ratios = np.array([height / width for _, _, _, height, width in boxes])
    # Sides are rounded to whole pixels.
    assert 0.015 < areas.min() < 0.03 and 0.31 < areas.max() < 0.345
    assert 0.27 < ratios.min() < 0.33 and 2.9 < ratios.max() < 3.7
    assert abs(np.log(ratios).mean()) < 0.1
    assert {result[top, left, 0] for result, top, left, _, _ in boxes} == {0}


def test_what_erasures_are_filled_with(augmenter):
    pixels = noise(30, 30, 5, 100, 200)
    many = np.repeat(pixels[None], 50, 0)
    for result, top, left, height, width in erased(augmenter.apply([{"random_erasing": {"p": 1, "value": 9}}], many), pixels):
        assert (result[top : top + height, left : left + width] == 9).all()
    mean = np.floor(pixels.reshape(-1, 3).mean(0) + 0.5)
    for result in augmenter.apply([{"random_erasing": {"p": 1, "value": "mean"}}], many):
        assert (result[(result != pixels).any(-1)] == mean).all()
    noises = [r[(r != pixels).any(-1)] for r in augmenter.apply([{"random_erasing": {"p": 1, "value": "random"}}], many)]
    values = np.concatenate(noises)
    assert abs(values.mean() - 127.5) < 2 and abs(values.std() - 73.9) < 2
