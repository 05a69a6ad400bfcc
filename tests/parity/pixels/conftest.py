"""What the pixel tests share."""

import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent))

from decoder import Decoder  # noqa: E402  (needs the path above: pytest imports by file, not by folder)
from service import program  # noqa: E402


@pytest.fixture(scope="session")
def decoder():
    decoder = Decoder(program("decode_tool"))
    yield decoder
    assert decoder.close() == 0
