"""One image folder for all fault tests, big enough that a training lasts."""

import os
import subprocess

import pytest

from service import program


@pytest.fixture(scope="session")
def seedlings(tmp_path_factory):
    """12 drawn classes of 40 images, 100x100."""
    folder = tmp_path_factory.mktemp("images") / "seedlings"
    arguments = ["--classes", 12, "--per-class", 40, "--size", 100, "--seed", 3]
    subprocess.run([program("make_seedlings"), folder, *map(str, arguments)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def kills():
    """How often each program is killed: 20 in a full campaign (./run fault), a tenth of that otherwise."""
    return int(os.environ.get("SEEDBED_FAULT_KILLS", 2))
