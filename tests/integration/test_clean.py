"""Cleaned datasets, from the command line to a training on one."""

import numpy
import pytest
from PIL import Image

from campaign import prepare

MASK = "[remove_background: {method: excess_green, threshold: 0.05, median: 0, mask: true}]"


@pytest.fixture(name="cleaned")
def make_cleaned(service, images):
    prepare(service, images)
    service.cli("dataset", "clean", "seedlings", "--pipeline", MASK, "--as", "masks")
    return service


def test_a_cleaned_dataset_is_a_dataset(cleaned, images, folder):
    source, masks = (cleaned.json("dataset", "show", name) for name in ("seedlings", "masks"))
    assert (masks["version"], masks["images"], masks["rejected"]) == (1, source["images"], 0)
    assert masks["classes"] == source["classes"]
    assert masks["job_id"].startswith("clean-")
    laid_out = folder / "laid_out"
    cleaned.cli("split", "masks", "--per-class", 4, "--materialize", laid_out)
    for path in images.glob("*/*.png"):
        (made,) = laid_out.glob(f"*/{path.parent.name}/{path.name}")
        red, green, blue = numpy.asarray(Image.open(path).convert("RGB")).astype(int).transpose(2, 0, 1)
        mask = numpy.asarray(Image.open(made))
        assert numpy.array_equal(mask[:, :, 0] > 0, (2 * green - red - blue) * 10_000 > 500 * (red + green + blue))
    cleaned.cli("train", "--dataset", "masks", "--split", "default", "--epochs", 1, "--model", "of-masks")


def test_what_cannot_be_cleaned_is_refused(cleaned):
    taken = cleaned.cli("dataset", "clean", "seedlings", "--as", "masks", expect=1)
    assert "--as: dataset 'masks' exists (version 1)" in taken.stderr
    unknown = cleaned.cli("dataset", "clean", "seedlings", "--pipeline", "remove_backgroud", "--as", "x", expect=1)
    assert "pipeline[0]: there is no step 'remove_backgroud'; did you mean" in unknown.stderr
    drawn = cleaned.cli("dataset", "clean", "seedlings", "--pipeline", "[fliplr: 0.5]", "--as", "x", expect=1)
    assert "belong into augment" in drawn.stderr
    absent = cleaned.cli("dataset", "clean", "nothing", "--as", "x", expect=4)
    assert "DATASET: " in absent.stderr
    cleaned.cli("dataset", "clean", "seedlings", "--as", "masks", "--update")
    assert cleaned.json("dataset", "show", "masks")["version"] == 2
