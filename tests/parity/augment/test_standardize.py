"""Samplewise and featurewise standardisation beside Keras's ImageDataGenerator.fit and standardize."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
from PIL import Image

from service import program

os.environ.setdefault("KERAS_BACKEND", "torch")
keras_image = pytest.importorskip("keras.src.legacy.preprocessing.image")


@pytest.fixture(scope="module")
def photographs(sample_dir):
    paths = sorted(pathlib.Path(sample_dir).glob("*/*.png"))[::12]
    return np.stack([np.asarray(Image.open(path).convert("RGB").resize((150, 150))) for path in paths])


def standardized(images, **settings):
    count, height, width, _ = images.shape
    request = json.dumps(settings | {"width": width, "height": height, "images": count}).encode() + b"\n" + images.tobytes()
    done = subprocess.run([program("standardize_tool")], input=request, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(images.shape)


@pytest.mark.parametrize("rescale", [1 / 255, 1])
@pytest.mark.parametrize("featurewise", ["none", "center", "center_and_scale"])
@pytest.mark.parametrize("samplewise", ["none", "center", "center_and_scale"])
def test_it_equals_kerass(photographs, rescale, samplewise, featurewise):
    generator = keras_image.ImageDataGenerator(
        rescale=rescale,
        samplewise_center=samplewise != "none",
        samplewise_std_normalization=samplewise == "center_and_scale",
        featurewise_center=featurewise != "none",
        featurewise_std_normalization=featurewise == "center_and_scale",
        dtype="float64",
    )
    generator.fit(photographs)
    theirs = np.stack([generator.standardize(image.astype(np.float64)) for image in photographs])
    ours = standardized(photographs, rescale=rescale, samplewise=samplewise, featurewise=featurewise)
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6 * max(1, 255 * rescale))
