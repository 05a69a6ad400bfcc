"""What the tests of steps share."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent))

import imgaug_steps  # noqa: E402  (needs the path above: pytest imports by file, not by folder)
from augmenter import Augmenter  # noqa: E402
from service import program  # noqa: E402


@pytest.fixture(scope="session")
def augmenter():
    augmenter = Augmenter(program("augment_tool"))
    yield augmenter
    assert augmenter.close() == 0


@pytest.fixture(scope="session")
def imgaug():
    if not imgaug_steps.PYTHON.exists():
        pytest.skip(f"{imgaug_steps.PYTHON} is absent: ./run test makes it, and SEEDBED_IMGAUG_PYTHON names another one with imgaug 0.4.0")
    peer = imgaug_steps.ImgaugPeer()
    yield peer
    assert peer.close() == 0
