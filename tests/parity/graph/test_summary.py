"""The networks have the layers, shapes and parameters of their publishers: Keras's applications and efficientnet_lite_pytorch."""

import json
import math
import os
import subprocess

os.environ.setdefault("KERAS_BACKEND", "torch")

import efficientnet_lite_pytorch  # noqa: E402
import keras  # noqa: E402  (the backend is chosen by the line above)
import pytest  # noqa: E402

from service import program  # noqa: E402

# Keras writes activations and padding down as layers of their own kinds.
KERAS_TYPES = {"Activation": "ReLU"}
KERAS_ONLY = {"conv1_pad", "pool1_pad"}
# Where a ResNet-50's image gets smaller: the first convolution of the block, and what the block starts from.
STAGE_INPUTS = {"conv3_block1_1": "conv2_block3_out", "conv4_block1_1": "conv3_block4_out", "conv5_block1_1": "conv4_block6_out"}


def summary(**settings):
    done = subprocess.run([program("summary_tool"), json.dumps(settings)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(description):
    """{name: (type, shape, parameters)} but for the input; a softmax is part of Keras's last layer."""
    return {
        layer["name"]: (layer["type"], tuple(layer["output_shape"]), layer["parameters"])
        for layer in description["layers"]
        if layer["type"] not in ("InputLayer", "Softmax")
    }


def keras_rows(model):
    return {
        layer.name: (KERAS_TYPES.get(type(layer).__name__, type(layer).__name__), tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer) and layer.name not in KERAS_ONLY
    }


def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


@pytest.mark.parametrize(
    ("side", "classes", "total"), [(224, 1000, 138_357_544), (224, 0, 14_714_688), (150, 1000, 69_151_528), (150, 0, 14_714_688)]
)
def test_vgg16_is_kerass(side, classes, total):
    options = {"classes": classes} if classes else {}
    model = keras.applications.VGG16(weights=None, include_top=bool(classes), input_shape=(side, side, 3), **options)
    ours = summary(arch="vgg16", side=side, classes=classes)
    assert list(rows(ours).items()) == list(keras_rows(model).items())
    assert ours["total"] == ours["trainable"] == model.count_params() == total


def test_a_frozen_vgg16_with_a_head_counts_as_in_keras():
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(12, activation="softmax")])
    ours = summary(arch="vgg16", side=150, head=["flatten", {"dense": "classes"}], head_classes=12, trainable=["head"])
    assert ours["total"] == model.count_params() == 14_813_004
    assert ours["trainable"] == count(model.trainable_weights) == 98_316
    assert ours["non_trainable"] == count(model.non_trainable_weights)
    assert [layer["name"] for layer in ours["layers"] if layer["trainable"]] == ["head_dense"]


def test_a_small_net_counts_as_in_keras():
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((31, 31, 3)),
        layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="head_conv2d"),
        layers.BatchNormalization(name="head_batch_norm"),
        layers.ReLU(name="head_relu"),
        layers.DepthwiseConv2D(5, padding="same", name="head_depthwise_conv2d"),
        layers.AveragePooling2D(3, strides=2, padding="same", name="head_average_pool"),
        layers.MaxPooling2D((2, 3), name="head_max_pool"),
        layers.Dropout(0.5, name="head_dropout"),
        layers.GlobalMaxPooling2D(name="head_global_max_pool"),
        layers.Dense(5, name="head_dense"),
    ])  # fmt: skip
    head = [
        {"conv2d": {"filters": 16, "kernel": 3, "strides": 2, "padding": "same", "bias": False}},
        "batch_norm",
        "relu",
        {"depthwise_conv2d": {"kernel": 5, "padding": "same"}},
        {"average_pool": {"size": 3, "strides": 2, "padding": "same"}},
        {"max_pool": [2, 3]},
        {"dropout": 0.5},
        "global_max_pool",
        {"dense": "classes"},
    ]
    ours = summary(arch="logistic", side=31, head=head, head_classes=5)
    assert list(rows(ours).items()) == list(keras_rows(model).items())
    assert (ours["total"], ours["trainable"]) == (model.count_params(), count(model.trainable_weights))
    assert ours["non_trainable"] == count(model.non_trainable_weights)


@pytest.mark.parametrize(("side", "classes"), [(224, 1000), (150, 0)])
def test_resnet50_is_kerass_but_for_what_torchvision_has_otherwise(side, classes):
    """torchvision's convolutions have no bias, and v1.5 strides in the second convolution of a block instead of the first."""
    options = {"classes": classes} if classes else {}
    model = keras.applications.ResNet50(weights=None, include_top=bool(classes), input_shape=(side, side, 3), **options)
    expected = keras_rows(model)
    for name, (kind, shape, parameters) in list(expected.items()):
        without_bias = parameters - shape[-1] if kind == "Conv2D" else parameters
        before = STAGE_INPUTS.get(name.rpartition("_")[0])
        expected[name] = kind, (*expected[before][1][:2], shape[-1]) if before else shape, without_bias
    ours = summary(arch="resnet50", side=side, classes=classes)
    assert rows(ours) == expected
    statistics = sum(math.prod(weight["shape"]) for weight in ours["weights"] if weight["statistic"])
    assert ours["non_trainable"] == statistics == count(model.non_trainable_weights)
    if classes:
        assert ours["trainable"] == 25_557_032


def test_efficientnet_lite0_is_the_packages():
    """Tensor by tensor, in the order in which PyTorch has them."""
    model = efficientnet_lite_pytorch.EfficientNet.from_name("efficientnet-lite0")
    ours = summary(arch="efficientnet_lite0", side=224, classes=1000)
    theirs = [tuple(tensor.shape) for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")]
    assert [tuple(weight["shape"]) for weight in ours["weights"]] == theirs
    assert ours["trainable"] == count(model.parameters()) == 4_652_008


def test_a_network_that_does_not_fit_is_an_error():
    done = subprocess.run([program("summary_tool"), '{"arch": "vgg16", "side": 20}'], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "block5_pool" in done.stderr
