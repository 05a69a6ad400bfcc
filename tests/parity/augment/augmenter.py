"""The steps under test, as a process that answers requests (see augment_tool.cc)."""

import json
import subprocess

import numpy as np


class StepError(Exception):
    pass


class Augmenter:
    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def apply(self, steps, images, seed=0, epoch=0, numbers=None):
        """The images (count x height x width x 3 bytes) after the steps; numbers: whose random numbers each image gets."""
        count, height, width, _ = images.shape
        numbers = list(range(count)) if numbers is None else list(numbers)
        request = {"steps": steps, "width": width, "height": height, "seed": seed, "epoch": epoch, "images": numbers}
        self._process.stdin.write(json.dumps(request).encode() + b"\n" + np.ascontiguousarray(images, np.uint8).tobytes())
        self._process.stdin.flush()
        answer = self._process.stdout.readline().decode().rstrip("\n")
        if answer != "ok":
            raise StepError(answer.removeprefix("error "))
        return np.frombuffer(self._process.stdout.read(images.size), np.uint8).reshape(images.shape)

    def close(self):
        self._process.stdin.close()
        return self._process.wait()
