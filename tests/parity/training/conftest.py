"""What the training tests share: one run of Seedbed's trainer, and the same images as arrays for the peers."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import numpy
import pytest
from PIL import Image
from safetensors.numpy import load_file

from service import REPOSITORY, program

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # peers.py

SIZE = 150


@dataclasses.dataclass
class Training:
    """What train_tool did, and what it was done with."""

    images: pathlib.Path
    output: pathlib.Path
    report: dict
    settings: dict

    @property
    def initial(self):
        return load_file(self.output / "initial.safetensors")

    @property
    def weights(self):
        return load_file(self.output / "model.safetensors")

    def losses(self, key="loss"):
        return [epoch[key] for epoch in self.report["epochs"]]

    def pixels(self, subset):
        """(float32 images in 0..1 (n, size, size, 3) as Keras's generator makes them, labels), in Seedbed's order without shuffling."""
        size = self.settings["size"]
        rows = self.report[subset]
        arrays = []
        for row in rows:
            picture = Image.open(self.images / row["path"]).convert("RGB")
            if picture.size != (size, size):
                picture = picture.resize((size, size), Image.NEAREST)
            arrays.append(numpy.asarray(picture))
        return numpy.stack(arrays).astype(numpy.float32) * numpy.float32(1 / 255), numpy.array([row["label"] for row in rows])


def sample_or_generated(folder):
    """The real photographs where they are, else drawn ones."""
    sample = pathlib.Path(os.environ.get("SEEDBED_SAMPLE_DIR", REPOSITORY.parent / "shared/data/seedlings"))
    if sample.is_dir():
        return sample
    subprocess.run([program("make_seedlings"), folder / "images", "--classes", "12", "--per-class", "40"], check=True)
    return folder / "images"


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    return sample_or_generated(tmp_path_factory.mktemp("photographs"))


@pytest.fixture
def run_training(photographs, tmp_path):
    """run_training(name, **settings): trains without shuffling, on uncentred pixels unless told otherwise."""

    def run(name="run", **settings):
        settings = {"shuffle": False, "center": "none", "interpolation": "nearest", "size": SIZE} | settings
        command = [program("train_tool"), photographs, tmp_path / name, json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return Training(photographs, tmp_path / name, json.loads(done.stdout), settings)

    return run
