"""Augmentation in memory beside the peers that people use for it."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image
from service import REPOSITORY, program

sys.path.append(str(REPOSITORY / "tests/parity/augment"))

from imgaug_steps import ImgaugPeer  # noqa: E402  (needs the path above)

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 150
PICTURES = 48
ROUNDS = 5
# chapter_imgaug with imgaug's names throughout: what it does is in core/augment/presets.cc.
CHAPTER_IMGAUG = {
    "sequential": {
        "random_order": True,
        "steps": [
            {"fliplr": {"p": 0.5}},
            {"crop": {"percent": [0, 0.1]}},
            {"sometimes": {"p": 0.5, "then": [{"gaussian_blur": {"sigma": [0, 0.5]}}]}},
            {"linear_contrast": {"alpha": [0.75, 1.5]}},
            {"additive_gaussian_noise": {"scale": [0, 12.75], "per_channel": 0.5}},
            {"multiply": {"mul": [0.8, 1.2], "per_channel": 0.2}},
        ],
    }
}


def read_pictures(folder):
    paths = sorted(pathlib.Path(folder).glob("*/*"))
    return np.stack([np.asarray(Image.open(path).convert("RGB").resize((SIZE, SIZE))) for path in paths[:: len(paths) // PICTURES][:PICTURES]])


def our_rate(steps, pictures, seconds=1, threads=1):
    """Images a second."""
    command = [program("augment_bench"), str(threads), str(seconds), str(SIZE), str(SIZE), json.dumps(steps)]
    done = subprocess.run(command, input=pictures.tobytes(), capture_output=True, check=True)
    return json.loads(done.stdout)["images_per_second"]


@contextlib.contextmanager
def on_one_core():
    """Programs started here inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def imgaug(context):
    pictures = read_pictures(context.image_set())
    with on_one_core():
        peer = ImgaugPeer()
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(our_rate(["chapter_imgaug"], pictures))
            theirs.append(max(len(pictures) / peer.seconds([CHAPTER_IMGAUG], pictures) for _ in range(8)))
        peer.close()
    note = f"{max(ours):.0f} and {max(theirs):.0f} images/s, {SIZE}x{SIZE}"
    yield {"name": "chapter_imgaug : imgaug, one core", "value": max(ours) / max(theirs), "unit": "times", "at_least": 8, "note": note}


def keras_rate(pictures):
    command = [sys.executable, HERE / "peers/keras_augment_peer.py", "--size", str(SIZE)]
    done = subprocess.run(command, input=pictures.tobytes(), capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])["images_per_second"]


def keras(context):
    pictures = read_pictures(context.image_set())
    one, two, theirs = [], [], []
    for _ in range(ROUNDS):
        with on_one_core():
            one.append(our_rate(["chapter_keras"], pictures))
            theirs.append(keras_rate(pictures))
        two.append(our_rate(["chapter_keras"], pictures, threads=2))
    note = f"{max(one):.0f} and {max(theirs):.0f} images/s, {SIZE}x{SIZE}"
    yield {"name": "chapter_keras : Keras, one core", "value": max(one) / max(theirs), "unit": "times", "at_least": 12, "note": note}
    note = f"{max(two):.0f} and {max(one):.0f} images/s"
    yield {"name": "chapter_keras, two threads : one", "value": max(two) / max(one), "unit": "times", "at_least": 1.9, "note": note}


ALL = {"augment_imgaug": imgaug, "augment_keras": keras}
