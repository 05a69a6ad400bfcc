"""Weights files for tests: random, equal for equal seeds, and scaled so that signals neither vanish nor explode."""

import pathlib

import numpy
from safetensors.numpy import save_file

# (kernel, expansion, channels, blocks) of EfficientNet-Lite0's stages.
EFFICIENTNET_LITE0 = [(3, 1, 16, 1), (3, 6, 24, 2), (5, 6, 40, 2), (3, 6, 80, 3), (5, 6, 112, 3), (5, 6, 192, 4), (3, 6, 320, 1)]


class _Net:
    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.tensors = {}

    def convolution(self, name, filters, channels, kernel):
        scale = numpy.sqrt(2 / (channels * kernel * kernel))
        self.tensors[f"{name}.weight"] = (self.random.standard_normal((filters, channels, kernel, kernel)) * scale).astype(numpy.float32)

    def batch_norm(self, name, channels):
        self.tensors[f"{name}.weight"] = numpy.ones(channels, numpy.float32)
        self.tensors[f"{name}.bias"] = self.random.uniform(-0.1, 0.1, channels).astype(numpy.float32)
        self.tensors[f"{name}.running_mean"] = numpy.zeros(channels, numpy.float32)
        self.tensors[f"{name}.running_var"] = numpy.ones(channels, numpy.float32)


def write_efficientnet_lite0(path, seed=1):
    """EfficientNet-Lite0 without top, under Seedbed's own names: 3,371,008 trainable parameters. Returns the path."""
    net = _Net(seed)
    net.convolution("stem_conv", 32, 3, 3)
    net.batch_norm("stem_bn", 32)
    inputs = 32
    for stage, (kernel, expansion, outputs, blocks) in enumerate(EFFICIENTNET_LITE0, 1):
        for place in range(blocks):
            block = f"block{stage}{'abcd'[place]}"
            inner = inputs * expansion
            if expansion > 1:
                net.convolution(f"{block}_expand_conv", inner, inputs, 1)
                net.batch_norm(f"{block}_expand_bn", inner)
            net.convolution(f"{block}_dwconv", inner, 1, kernel)
            net.batch_norm(f"{block}_bn", inner)
            net.convolution(f"{block}_project_conv", outputs, inner, 1)
            net.batch_norm(f"{block}_project_bn", outputs)
            inputs = outputs
    net.convolution("top_conv", 1280, inputs, 1)
    net.batch_norm("top_bn", 1280)
    save_file(net.tensors, path)
    return pathlib.Path(path)
