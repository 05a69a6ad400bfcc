"""Activations and logits of the architectures against the networks of others, with the same weights: the plain reference in every layer, and
what computes frozen networks fast in some of them, each of which is compiled for itself."""

import os
import pathlib

import numpy
import pytest
from PIL import Image

from peer_networks import EFFICIENTNET_BLOCKS, EfficientNetLite0, Resnet, Vgg16
from service import REPOSITORY

BATCH = 2
PHOTOGRAPHS = 50


def random_images(side, scale=1.0):
    return numpy.random.default_rng(side).uniform(-scale, scale, (BATCH, side, side, 3)).astype(numpy.float32)


@pytest.mark.parametrize(("side", "classes"), [(150, 0), (64, 100)])
def test_vgg16_is_kerass(run_network, compare, side, classes):
    peer, images = Vgg16(side, classes), random_images(side, scale=128)
    theirs = peer.activations(images)
    ours, report = run_network(peer.weights, images, arch="vgg16", side=side, classes=classes)
    assert report["naming"] == "keras"
    compare(ours, theirs, at_least=18)
    layers = ["block1_conv1", "block1_pool", "block3_conv2", "block5_pool"] + (["fc1", "predictions"] if classes else [])
    compare(run_network(peer.weights, images, arch="vgg16", side=side, classes=classes, backend="auto", layers=layers)[0], theirs, len(layers))


@pytest.mark.parametrize("depth", [18, 50])
def test_resnet_is_torchvisions(run_network, compare, depth):
    peer, images = Resnet(depth, classes=100), random_images(97)
    theirs = peer.activations(images)
    settings = {"arch": f"resnet{depth}", "side": 97, "classes": 100}
    ours, report = run_network(peer.weights, images, **settings)
    assert report["naming"] == "torchvision"
    compare(ours, theirs, at_least=len(theirs))
    layers = ["conv1_relu", "pool1_pool", "conv2_block1_out", "conv3_block1_0_bn", "conv4_block2_out", "conv5_block2_add", "avg_pool", "predictions"]
    compare(run_network(peer.weights, images, **settings, backend="auto", layers=layers)[0], theirs, len(layers))


@pytest.fixture(scope="module")
def efficientnet():
    return EfficientNetLite0(150)


def test_efficientnet_lite0_is_the_packages(run_network, compare, efficientnet):
    images = random_images(150)
    theirs = efficientnet.activations(images)
    settings = {"arch": "efficientnet_lite0", "side": 150, "classes": 1000}
    ours, report = run_network(efficientnet.weights, images, **settings)
    assert report["naming"] == "efficientnet_lite_pytorch"
    # All but the ends of blocks without a shortcut, which are no layers of ours.
    compare(ours, theirs, at_least=len(theirs) - 7)
    ends = [name for block in EFFICIENTNET_BLOCKS for name in (f"{block}_add", f"{block}_project_bn") if name in ours]
    layers = ["stem_activation", *ends[::3], "top_activation", "predictions"]
    compare(run_network(efficientnet.weights, images, **settings, backend="auto", layers=layers)[0], theirs, len(layers))


def photographs(side):
    """As efficientnet_lite_pytorch wants them: (pixel - 127) / 128."""
    folder = pathlib.Path(os.environ.get("SEEDBED_SAMPLE_DIR", REPOSITORY.parent / "shared/data/seedlings"))
    files = sorted(folder.glob("*/*"))[:: max(1, len(list(folder.glob("*/*"))) // PHOTOGRAPHS)][:PHOTOGRAPHS]
    if len(files) < PHOTOGRAPHS:
        pytest.skip(f"{folder} has no {PHOTOGRAPHS} photographs")
    pictures = [numpy.asarray(Image.open(file).convert("RGB").resize((side, side), Image.BILINEAR), numpy.float32) for file in files]
    return (numpy.stack(pictures) - 127) / 128


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_top_5_of_photographs_are_the_packages(run_network, efficientnet, backend):
    images = photographs(150)
    theirs = efficientnet.activations(images)["predictions"]
    settings = {"arch": "efficientnet_lite0", "side": 150, "classes": 1000, "layers": ["predictions"]}
    ours = run_network(efficientnet.weights, images, **settings, backend=backend)[0]["predictions"]
    best = [numpy.argsort(-logits, axis=1)[:, :5] for logits in (ours, theirs)]
    numpy.testing.assert_array_equal(*best)
