"""Exported models run in PyTorch as they are: torch.jit.load, pixels in, the same logits out."""

import json
import subprocess

import numpy
import pytest
import torch

from service import program

MODELS = {
    "logistic, mean image": {"arch": "logistic", "preset": "unit", "width": 11, "height": 9, "classes": 4, "center": "mean_image"},
    "logistic, pictures standardized": {"arch": "logistic", "preset": "minus_one_one", "width": 11, "height": 9, "classes": 4, "standardized": True},
    "logistic, whitened": {"arch": "logistic", "preset": "unit", "width": 11, "height": 9, "classes": 4, "whitened": True},
    "vgg16 without top": {"arch": "vgg16", "preset": "keras_caffe", "width": 40, "height": 32, "classes": 0},
    "efficientnet_lite0": {"arch": "efficientnet_lite0", "preset": "efficientnet_lite", "width": 49, "height": 64, "classes": 5},
    "resnet18": {"arch": "resnet18", "preset": "imagenet", "width": 65, "height": 64, "classes": 5},
    "a net of one's own": {
        "arch": "logistic",
        "preset": "minus_one_one",
        "width": 15,
        "height": 12,
        "classes": 3,
        "head": [
            {"conv2d": {"filters": 5, "kernel": [3, 2], "strides": 2, "padding": "same", "activation": "relu6"}},
            "batch_norm",
            {"average_pool": {"size": 2, "strides": 1, "padding": "same"}},
            {"depthwise_conv2d": {"kernel": 3, "padding": 1, "bias": False}},
            {"max_pool": {"size": 3, "strides": 2, "padding": "same"}},
            {"relu": {"max_value": 0.5}},
            "flatten",
            {"dropout": 0.5},
            {"dense": {"units": 7, "activation": "relu"}},
            "batch_norm",
            {"dense": "classes"},
        ],
    },
}


@pytest.mark.parametrize("name", MODELS)
def test_same_numbers_in_pytorch(name, tmp_path):
    settings = MODELS[name]
    done = subprocess.run([program("export_tool"), tmp_path, json.dumps(settings)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shape = json.loads(done.stdout)
    pixels = numpy.fromfile(tmp_path / "pixels.bin", numpy.uint8).reshape(-1, settings["height"], settings["width"], 3)
    expected = numpy.fromfile(tmp_path / "output.bin", numpy.float32).reshape(-1, *shape)
    module = torch.jit.load(str(tmp_path / "model.pt"))
    with torch.no_grad():
        output = module(torch.from_numpy(pixels)).numpy()
        alone = module(torch.from_numpy(pixels[:1])).numpy()
    assert output.shape == expected.shape
    assert numpy.abs(output - expected).max() <= 1e-5 * numpy.abs(expected).max()
    assert numpy.abs(alone - expected[:1]).max() <= 1e-5 * numpy.abs(expected).max(), "any batch size will do"
    assert list(module.classes) == [f"class {k}" for k in range(settings["classes"])]
    assert numpy.abs(expected).max() > 0.01, "a network of zeros would prove nothing"
