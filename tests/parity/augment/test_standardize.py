"""Samplewise and featurewise standardisation and ZCA whitening beside Keras's ImageDataGenerator.fit and standardize."""

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


def run_tool(images, **settings):
    count, height, width, _ = images.shape
    request = json.dumps(settings | {"width": width, "height": height, "images": count}).encode() + b"\n" + images.tobytes()
    done = subprocess.run([program("standardize_tool")], input=request, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32)


def standardized(images, **settings):
    return run_tool(images, **settings).reshape(images.shape)


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


@pytest.mark.parametrize("epsilon", [1e-6, 0.1])
@pytest.mark.parametrize("images, side", [(480, 10), (40, 8)])
def test_whitening_equals_kerass(sample_dir, images, side, epsilon):
    """More images than values, and fewer."""
    paths = sorted(pathlib.Path(sample_dir).glob("*/*.png"))[:: 480 // images]
    pictures = np.stack([np.asarray(Image.open(path).convert("RGB").resize((side, side))) for path in paths])
    generator = keras_image.ImageDataGenerator(rescale=1 / 255, featurewise_center=True, zca_whitening=True, zca_epsilon=epsilon, dtype="float64")
    generator.fit(pictures)
    matrix = run_tool(pictures, rescale=1 / 255, samplewise="none", featurewise="center", zca_epsilon=epsilon)
    inputs = standardized(pictures, rescale=1 / 255, samplewise="none", featurewise="center").reshape(len(pictures), -1)
    theirs = np.stack([generator.standardize(picture.astype(np.float64)) for picture in pictures]).reshape(inputs.shape)
    ours = inputs.astype(np.float64) @ matrix.reshape(inputs.shape[1], -1)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())
