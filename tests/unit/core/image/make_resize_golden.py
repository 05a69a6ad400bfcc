#!/usr/bin/env python3
"""Prints the table of resize_test.cc: SHA-256 of the pixels that Pillow (13 or later) makes of MakePicture (test_images.cc)."""

import hashlib

import numpy as np
from PIL import Image

FILTERS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
SIZES = [((61, 43), (20, 30)), ((61, 43), (200, 100)), ((61, 43), (70, 9)), ((61, 43), (61, 20)), ((61, 43), (1, 1)), ((2, 300), (5, 7)), ((1, 1), (4, 3))]


def make_picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * 7 + y * 3) % 160, (x * 2 + y * 5) % 160, (x + y) % 160]
    return Image.fromarray((np.stack(planes, -1) + np.where(x > width // 2, 90, 0)[..., None]).astype(np.uint8))


for (width, height), target in SIZES:
    for name in FILTERS:
        pixels = make_picture(width, height).resize(target, Image.Resampling[name.upper()])
        digest = hashlib.sha256(np.asarray(pixels).tobytes()).hexdigest()
        print(f'    {{{width}, {height}, {target[0]}, {target[1]}, "{name}", "{digest}"}},')
