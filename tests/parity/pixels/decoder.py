"""The decoder under test, as a process that answers requests (see decode_tool.cc)."""

import subprocess

import numpy as np


class DecodeError(Exception):
    pass


class Decoder:
    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def decode(self, path, size=None, interpolation="nearest"):
        """The picture as height x width x 3 bytes; size is (width, height)."""
        width, height = size or (0, 0)
        self._process.stdin.write(f"{path}\t{width}\t{height}\t{interpolation}\n".encode())
        self._process.stdin.flush()
        answer = self._process.stdout.readline().decode().rstrip("\n")
        kind, _, rest = answer.partition(" ")
        if kind != "ok":
            raise DecodeError(rest)
        width, height = map(int, rest.split())
        pixels = self._process.stdout.read(width * height * 3)
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)

    def close(self):
        self._process.stdin.close()
        return self._process.wait()
