"""Small labelled image folders for tests, equal for equal arguments."""

import pathlib

import numpy
from PIL import Image


def write_image(path, seed, size=24, colour=(120, 120, 120)):
    """A noisy patch of one colour; different seeds give different bytes."""
    noise = numpy.random.default_rng(seed).integers(-40, 41, (size, size, 3))
    pixels = numpy.clip(numpy.array(colour) + noise, 0, 255).astype(numpy.uint8)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


CLASS_COLOURS = {"Shepherd’s Purse": (60, 140, 60), "maize": (160, 170, 40), "scentless mayweed": (90, 60, 150), "soil": (110, 80, 50)}


def write_dataset(root, classes=3, per_class=20, size=24):
    """root/<class>/<number>.png; class names with a space and an apostrophe, as people have them."""
    root = pathlib.Path(root)
    for index, (name, colour) in enumerate(list(CLASS_COLOURS.items())[:classes]):
        for number in range(per_class):
            write_image(root / name / f"{number:04}.png", 1000 * index + number, size, colour)
    return root
