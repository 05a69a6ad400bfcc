"""Splits in order beside Keras's validation_split on the same folders."""

import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras_image = pytest.importorskip("keras.src.legacy.preprocessing.image")


@pytest.mark.parametrize("fraction", [0.1, 0.23, 0.5])
def test_the_same_images_are_for_validation(service, sample_dir, folder, fraction):
    service.cli("dataset", "add", "photos", sample_dir)
    laid_out = folder / "laid-out"
    service.cli("split", "photos", "--fraction", fraction, "--in-order", "--materialize", laid_out)
    generator = keras_image.ImageDataGenerator(validation_split=fraction)
    for subset, name in (("validation", "validation"), ("training", "train")):
        theirs = generator.flow_from_directory(sample_dir, subset=subset).filenames
        ours = [str(path.relative_to(laid_out / name)) for path in (laid_out / name).rglob("*.*")]
        assert sorted(ours) == sorted(theirs)
