#!/usr/bin/env python3
"""The original background removal, timed beside ours in one process and on one core, by turns. Prints one JSON object: {"original_ms", "ours_ms",
"median_ms", "our_median_ms", "equal"}, milliseconds an image, the least of several rounds.

Arguments: the program background_bench, and a folder of class folders with PNG photos.
"""

import json
import pathlib
import struct
import subprocess
import sys
import time

import cv2
import numpy as np
from PIL import Image

LEAF_COLOURS = [((71, 86, 38), 1600), ((65, 79, 19), 1600), ((95, 106, 56), 1600), ((56, 63, 43), 500)]
PHOTOS = 200
ROUNDS = 7


def colour_distance(image, colour):
    red, green, blue = image[:, :, 0], image[:, :, 1], image[:, :, 2]
    mean = ((red + colour[0]) / 2).astype(int)
    square = lambda values: values * values
    return (((512 + mean) * square(red - colour[0])) >> 8) + 4 * square(green - colour[1]) + (((767 - mean) * square(blue - colour[2])) >> 8)


def fill(image):
    wide = image.astype(int)
    far = np.logical_and.reduce([colour_distance(wide, colour) > threshold for colour, threshold in LEAF_COLOURS])
    filled = image.copy()
    filled[far] = 0
    return filled


class Ours:
    """Answers to one request a line: a verb, then all photos; milliseconds an image by its own clock, then the pictures."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, verb, images):
        self._process.stdin.write(struct.pack("<4i", ("remove", "median").index(verb), *images.shape[:3]) + images.tobytes())
        self._process.stdin.flush()
        (milliseconds,) = struct.unpack("<d", self._process.stdout.read(8))
        return milliseconds, np.frombuffer(self._process.stdout.read(images.size), np.uint8).reshape(images.shape)


def timed(run, images):
    begin = time.process_time()
    results = [run(image) for image in images]
    return 1000 * (time.process_time() - begin) / len(images), np.stack(results)


def main():
    cv2.setNumThreads(1)
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*/*.png"))
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths[:: max(1, len(paths) // PHOTOS)][:PHOTOS]]
    photos = np.stack([photo for photo in photos if photo.shape == photos[0].shape])
    ours = Ours(sys.argv[1])
    least = {}
    for _ in range(ROUNDS):
        runs = {
            "original_ms": timed(lambda photo: cv2.medianBlur(fill(photo), 9), photos),
            "ours_ms": ours.run("remove", photos),
            "median_ms": timed(lambda photo: cv2.medianBlur(photo, 9), photos),
            "our_median_ms": ours.run("median", photos),
        }
        for name, (milliseconds, _) in runs.items():
            least[name] = min(least.get(name, milliseconds), milliseconds)
    equal = all(np.array_equal(runs[a][1], runs[b][1]) for a, b in (("original_ms", "ours_ms"), ("median_ms", "our_median_ms")))
    print(json.dumps(least | {"equal": equal}))


if __name__ == "__main__":
    main()
