#!/usr/bin/env python3
"""Keras's ImageDataGenerator on pictures in memory: as many RGB pictures of SIZE x SIZE as standard input has. Prints one JSON object:
{"images_per_second"}, of one core. The settings are those of the preset chapter_keras; what the shear of 0.2 is in degrees does not change the
work."""

import argparse
import json
import os
import sys
import time

import numpy

os.environ.setdefault("KERAS_BACKEND", "torch")
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: E402  (the backend is chosen above)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2)
    arguments = parser.parse_args()
    pixels = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8).reshape(-1, arguments.size, arguments.size, 3)
    images = pixels.astype(numpy.float32)
    shear = 11.459155902616466
    generator = ImageDataGenerator(rotation_range=90, width_shift_range=0.2, height_shift_range=0.2, shear_range=shear, zoom_range=0.1, horizontal_flip=True)
    numpy.random.seed(1)
    done = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < arguments.seconds:
        generator.random_transform(images[done % len(images)])
        done += 1
    print(json.dumps({"images_per_second": done / (time.perf_counter() - begin)}))


if __name__ == "__main__":
    main()
