"""Fixtures of the Python tests: real servers on free ports with throw-away data roots."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "testing/python"))

from api import Api  # noqa: E402
from images import write_dataset  # noqa: E402
from service import REPOSITORY, Service  # noqa: E402


@pytest.fixture(name="folder")
def make_folder():
    """A short path, since UNIX sockets lie below it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sb-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start_service(folder):
    """start_service(*flags, **settings): a running server; all are stopped after the test."""
    started = []

    def start(*flags, data_root=None, **settings):
        service = Service(data_root or folder / f"data{len(started)}", "--devices", "cpu", *flags, **settings)
        started.append(service)
        return service.start()

    yield start
    for service in started:
        service.close()


@pytest.fixture
def service(start_service):
    return start_service()


@pytest.fixture
def api(service):
    with Api(service.address) as connection:
        yield connection


@pytest.fixture
def images(folder):
    """A small image folder: 3 classes of 20."""
    return write_dataset(folder / "images")


@pytest.fixture(scope="session")
def sample_dir():
    """The real photographs, for tests that compare with other programs on them."""
    sample = pathlib.Path(os.environ.get("SEEDBED_SAMPLE_DIR", REPOSITORY / "../shared/data/seedlings"))
    if not sample.is_dir():
        pytest.skip("the sample photographs are absent: set SEEDBED_SAMPLE_DIR to a folder of class folders")
    return sample
