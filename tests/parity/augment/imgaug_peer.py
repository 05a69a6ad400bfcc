"""imgaug, as a process that answers requests (its packages live in an environment of their own, .venv-imgaug). Standard input: one request
a line, followed by count * height * width * 3 bytes of RGB,

  {"steps": [...], "count": n, "height": h, "width": w}       steps as Seedbed writes them
  {"function": "add_elementwise", "count": ..., ...}          imgaug's function of an image and an array, which follows as int16

Standard output: as many bytes. {"seconds": true} in a request adds a line with the time that imgaug took for it.
"""

import json
import sys
import time
import warnings

import numpy as np

np.bool = bool  # imgaug 0.4.0 is older than NumPy's parting with the name
warnings.simplefilter("ignore")

import cv2  # noqa: E402
import imgaug.augmenters as iaa  # noqa: E402

cv2.setNumThreads(1)  # times are compared by core

CHILDREN = {"steps": "children", "then": "then_list", "else": "else_list"}
FUNCTIONS = {"add_elementwise": iaa.arithmetic.add_elementwise, "multiply_elementwise": iaa.arithmetic.multiply_elementwise}


def parameter(value):
    """A setting as imgaug writes it: uniform ones are tuples, choices are lists."""
    if isinstance(value, list):
        return tuple(map(parameter, value))
    if isinstance(value, dict):
        return value["choice"] if "choice" in value else {name: parameter(each) for name, each in value.items()}
    return value


def augmenter(step):
    ((name, settings),) = step.items()
    arguments = {CHILDREN.get(key, key): [augmenter(child) for child in value] if key in CHILDREN else parameter(value) for key, value in settings.items()}
    return getattr(iaa, "".join(word.capitalize() for word in name.split("_")))(**arguments)


def answer(request, images):
    if "function" in request:
        values = np.frombuffer(sys.stdin.buffer.read(images.size * 2), np.int16).reshape(images.shape)
        function = FUNCTIONS[request["function"]]
        return np.stack([function(image, value) for image, value in zip(images, values)])
    steps = [augmenter(step) for step in request["steps"]]
    pipeline = steps[0] if len(steps) == 1 else iaa.Sequential(steps)
    return pipeline(images=images)


def main():
    for line in sys.stdin.buffer:
        request = json.loads(line)
        shape = request["count"], request["height"], request["width"], 3
        images = np.frombuffer(sys.stdin.buffer.read(int(np.prod(shape))), np.uint8).reshape(shape).copy()
        start = time.perf_counter()
        result = answer(request, images)
        seconds = time.perf_counter() - start
        sys.stdout.buffer.write(np.ascontiguousarray(result, np.uint8).tobytes())
        if request.get("seconds"):
            sys.stdout.buffer.write(f"{seconds}\n".encode())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
