"""imgaug as a peer: starts imgaug_peer.py in the environment that has it."""

import json
import os
import pathlib
import subprocess

import numpy as np
from service import REPOSITORY

PYTHON = pathlib.Path(os.environ.get("SEEDBED_IMGAUG_PYTHON", REPOSITORY / ".venv-imgaug/bin/python"))


class ImgaugPeer:
    def __init__(self):
        program = pathlib.Path(__file__).resolve().parent / "imgaug_peer.py"
        self._process = subprocess.Popen([PYTHON, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def apply(self, steps, images):
        return self._ask({"steps": steps}, images)

    def call(self, function, images, values):
        """imgaug's function of each image and its array of whole numbers."""
        return self._ask({"function": function}, images, np.ascontiguousarray(values, np.int16).tobytes())

    def seconds(self, steps, images):
        """How long imgaug takes for these images, on one thread."""
        self._ask({"steps": steps, "seconds": True}, images)
        return float(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        return self._process.wait()

    def _ask(self, request, images, more=b""):
        count, height, width, _ = images.shape
        line = json.dumps(request | {"count": count, "height": height, "width": width}).encode()
        self._process.stdin.write(line + b"\n" + np.ascontiguousarray(images, np.uint8).tobytes() + more)
        self._process.stdin.flush()
        return np.frombuffer(self._process.stdout.read(images.size), np.uint8).reshape(images.shape)
