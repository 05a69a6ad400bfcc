"""rand_augment and trivial_augment do what torchvision's RandAugment and TrivialAugmentWide document (torchvision 0.28: list of operations,
tables of magnitudes, chances), as Pillow does it. The tables are written down here once more, with torch's linspace."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from test_pillow_operations import photo

SIGNED = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"]
PLAIN = ["Identity", "AutoContrast", "Equalize"]
ENHANCEMENTS = {"Brightness": ImageEnhance.Brightness, "Color": ImageEnhance.Color, "Contrast": ImageEnhance.Contrast, "Sharpness": ImageEnhance.Sharpness}
OTHERS = {"AutoContrast": ImageOps.autocontrast, "Equalize": ImageOps.equalize, "Identity": lambda image: image}


def table(wide, bins, width, height):
    shear, rotate, enhance, bits = (0.99, 135.0, 0.99, 6) if wide else (0.3, 30.0, 0.9, 4)
    x, y = (32.0, 32.0) if wide else (150.0 / 331.0 * width, 150.0 / 331.0 * height)
    ends = {"ShearX": shear, "ShearY": shear, "TranslateX": x, "TranslateY": y, "Rotate": rotate, **dict.fromkeys(ENHANCEMENTS, enhance)}
    magnitudes = {name: torch.linspace(0, end, bins) for name, end in ends.items()}
    magnitudes["Posterize"] = 8 - (torch.arange(bins) / ((bins - 1) / bits)).round().int()
    magnitudes["Solarize"] = torch.linspace(255.0, 0.0, bins)
    return {name: [float(value) for value in values] for name, values in magnitudes.items()}


def operate(image, name, magnitude, fill=0):
    def affine(matrix):
        return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST, fillcolor=(fill,) * 3)

    if name == "ShearX":
        return affine((1, magnitude, 0, 0, 1, 0))
    if name == "ShearY":
        return affine((1, 0, 0, magnitude, 1, 0))
    if name == "TranslateX":
        return affine((1, 0, -int(magnitude), 0, 1, 0))
    if name == "TranslateY":
        return affine((1, 0, 0, 0, 1, -int(magnitude)))
    if name == "Rotate":
        return image.rotate(magnitude, Image.Resampling.NEAREST, fillcolor=(fill,) * 3)
    if name in ENHANCEMENTS:
        return ENHANCEMENTS[name](image).enhance(1 + magnitude)
    if name == "Posterize":
        return ImageOps.posterize(image, int(magnitude))
    if name == "Solarize":
        return ImageOps.solarize(image, magnitude)
    return OTHERS[name](image)


def results_of(image, magnitudes, bins, fill=0):
    """By result: the chance of each operation, magnitude and sign that leads to it, added up."""
    chances = {}

    def add(name, magnitude, chance):
        result = operate(image, name, magnitude, fill).tobytes()
        chances[result] = chances.get(result, 0) + chance

    for name in PLAIN:
        add(name, 0, 1 / 14)
    for name, values in magnitudes.items():
        for i in bins:
            if name in SIGNED:
                add(name, values[i], 1 / 28 / len(bins))
                add(name, -values[i], 1 / 28 / len(bins))
            else:
                add(name, values[i], 1 / 14 / len(bins))
    return chances


def check(augmenter, step, chances, pixels, count):
    counts = {}
    for result in augmenter.apply([step], np.repeat(pixels[None], count, 0), seed=5):
        counts[result.tobytes()] = counts.get(result.tobytes(), 0) + 1
    assert counts.keys() <= chances.keys(), "a result that no operation of the table leads to"
    # Pearson's chi-squared has as many degrees of freedom, and a deviation of sqrt(2 f).
    freedom = len(chances) - 1
    chi_squared = sum((counts.get(result, 0) - count * chance) ** 2 / (count * chance) for result, chance in chances.items())
    assert abs(chi_squared - freedom) < 5 * math.sqrt(2 * freedom)


@pytest.mark.parametrize("width,height", [(48, 48), (61, 40)])
@pytest.mark.parametrize("magnitude,bins", [(9, 31), (0, 31), (30, 31), (3, 10)])
def test_rand_augment(augmenter, width, height, magnitude, bins):
    pixels = photo(width, height)
    chances = results_of(Image.fromarray(pixels), table(False, bins, width, height), [magnitude])
    check(augmenter, {"rand_augment": {"num_ops": 1, "magnitude": magnitude, "num_magnitude_bins": bins}}, chances, pixels, 3000)


@pytest.mark.parametrize("bins,fill", [(31, 0), (7, 128)])
def test_trivial_augment(augmenter, bins, fill):
    pixels = photo(64, 50)
    chances = results_of(Image.fromarray(pixels), table(True, bins, 64, 50), range(bins), fill)
    check(augmenter, {"trivial_augment": {"num_magnitude_bins": bins, "fill": fill}}, chances, pixels, 20_000)


def test_operations_of_rand_augment_follow_each_other(augmenter):
    pixels = photo(32, 32)
    magnitudes = table(False, 31, 32, 32)
    once = results_of(Image.fromarray(pixels), magnitudes, [9])
    twice = set()
    for result in once:
        twice |= results_of(Image.frombytes("RGB", (32, 32), result), magnitudes, [9]).keys()
    results = {result.tobytes() for result in augmenter.apply(["rand_augment"], np.repeat(pixels[None], 500, 0))}
    assert results <= twice and not results <= once.keys()
