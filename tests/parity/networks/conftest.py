"""What the network tests share: our activations, and peers that say theirs."""

import functools
import json
import pathlib
import subprocess
import sys

import numpy
import pytest
from safetensors.numpy import load_file, save_file

from service import program

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # peer_networks.py

# Of the layer's largest value.
TOLERANCE = 1e-4


@pytest.fixture
def run_tool(tmp_path):
    """run_tool(tool, weights, images, **its settings): ({name: array}, what the tool says)."""
    count = 0

    def run(tool, weights, images, **settings):
        nonlocal count
        count += 1
        files = [tmp_path / f"{name}{count}.safetensors" for name in ("weights", "input", "output")]
        save_file({name: numpy.ascontiguousarray(array) for name, array in weights.items()}, files[0])
        save_file({"values": numpy.ascontiguousarray(images)}, files[1])
        done = subprocess.run([program(tool), json.dumps(settings), *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        arrays = load_file(files[2])
        for file in files:
            file.unlink()
        return arrays, json.loads(done.stdout)

    return run


@pytest.fixture
def run_network(run_tool):
    """run_network(weights, images, **settings of network_tool): ({layer: activation}, what the tool says)."""
    return functools.partial(run_tool, "network_tool")


@pytest.fixture
def compare():
    """compare(ours, theirs): every layer of ours that the peer has too; a mistake shows in the first one, not in all that follow."""

    def check(ours, theirs, at_least):
        shared = [name for name in theirs if name in ours]
        assert len(shared) >= at_least, sorted(set(theirs) ^ set(ours))
        for name in shared:
            assert ours[name].shape == theirs[name].shape, name
            distance = numpy.abs(ours[name] - theirs[name]).max() / numpy.abs(theirs[name]).max()
            assert distance <= TOLERANCE, f"{name}: {distance}"

    return check
