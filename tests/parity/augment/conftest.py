"""What the tests of steps share."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent))

from augmenter import Augmenter  # noqa: E402  (needs the path above: pytest imports by file, not by folder)
from service import program  # noqa: E402


@pytest.fixture(scope="session")
def augmenter():
    augmenter = Augmenter(program("augment_tool"))
    yield augmenter
    assert augmenter.close() == 0
