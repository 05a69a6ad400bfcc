#!/usr/bin/env python3
"""Pillow on the cases of image_bench.cc, one process: images a second for decoding, milliseconds for resizing. Argument: a folder of PNG photos."""

import io
import pathlib
import sys
import time

import numpy as np
from PIL import Image

FILTERS = {name.name.lower(): name for name in Image.Resampling}
RESIZES = [("nearest", 1000, 800, 150), ("box", 1000, 800, 150), ("bilinear", 1000, 800, 150), ("bicubic", 1000, 800, 150)]
RESIZES += [("lanczos", 1000, 800, 150), ("bilinear", 150, 150, 224), ("lanczos", 150, 150, 224)]


def best_seconds(body, repeats=5):
    """The least of several timings of body()."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        body()
        seconds.append(time.process_time() - start)
    return min(seconds)


def report_decoding(name, files):
    seconds = best_seconds(lambda: [Image.open(io.BytesIO(file)).convert("RGB") for file in files])
    print(f"decode {name}: {len(files) / seconds:.0f} images/s")


def as_jpeg(image):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def main():
    png = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[1]).glob("*/*.png"))]
    images = [Image.open(io.BytesIO(file)).convert("RGB") for file in png]
    report_decoding("png", png)
    report_decoding("jpeg", [as_jpeg(image) for image in images])
    report_decoding("large_jpeg", [as_jpeg(image.resize((1200, 900), FILTERS["bicubic"])) for image in images[:12]])
    for name, width, height, target in RESIZES:
        image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))
        runs = 20
        seconds = best_seconds(lambda: [image.resize((target, target), FILTERS[name]) for _ in range(runs)])
        print(f"resize {name} {width}x{height} -> {target}: {1000 * seconds / runs:.3f} ms")


if __name__ == "__main__":
    main()
