#!/usr/bin/env python3
"""The forward pass of network_bench's network as others do it, timed on demand by the same protocol: prints "ready", then for every line on
its input runs one batch and prints the seconds. After the last line it prints how far its output is from output.safetensors, relative to the
largest value, if that is there.

  torch     PyTorch eager, as the network is written: channels first
  keras     Keras's functional model on its torch backend, predict_on_batch
  onnx      ONNX Runtime
  openvino  OpenVINO in float32
"""

import argparse
import json
import os
import pathlib
import sys
import time

import numpy
from safetensors.numpy import load_file

CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
IMAGE_AXES = (2, 3)


def pair(value):
    return [value, value] if isinstance(value, int) else value


class Network:
    """graph.json with what its layers leave to defaults, and the weights."""

    def __init__(self, folder):
        self.layers = json.loads((folder / "graph.json").read_text())
        self.weights = load_file(folder / "weights.safetensors")
        self.input = load_file(folder / "input.safetensors")["values"]
        for layer in self.layers:
            config = layer["config"]
            config["kernel"] = pair(config.get("kernel", config.get("size", 1)))
            config["strides"] = pair(config.get("strides", config["kernel"] if "pool" in layer["type"] else 1))

    def weight(self, layer, leaf="weight"):
        return self.weights.get(f"{layer['name']}.{leaf}")

    def padding(self, layer, size):
        """[(before, after)] for the axes of an image of that height and width."""
        rule = layer["config"].get("padding", "valid")
        if isinstance(rule, int):
            return [(rule, rule), (rule, rule)]
        if rule == "valid":
            return [(0, 0), (0, 0)]
        pads = []
        for extent, kernel, stride in zip(size, layer["config"]["kernel"], layer["config"]["strides"]):
            total = max((-(-extent // stride) - 1) * stride + kernel - extent, 0)
            pads.append((total // 2, total - total // 2))
        return pads


def ceiling(layer):
    """Of the activation behind the layer: None when there is none."""
    if layer["type"] == "relu":
        return layer["config"].get("max_value", numpy.inf)
    return {"relu": numpy.inf, "relu6": 6.0}.get(layer["config"].get("activation"))


def torch_peer(network, threads):
    import torch
    import torch.nn.functional as functional

    torch.set_num_threads(threads)
    weights = {name: torch.from_numpy(array.copy()) for name, array in network.weights.items()}
    image = torch.from_numpy(network.input.transpose(0, 3, 1, 2).copy())

    def padded(layer, x, value):
        rows, columns = network.padding(layer, x.shape[2:])
        if rows == columns and rows[0] == rows[1] and value == 0:
            return x, rows[0]
        return (functional.pad(x, (*columns, *rows), value=value) if any(rows + columns) else x), 0

    def run(layer, x, *others):
        name, config = layer["name"], layer["config"]
        if layer["type"] in CONVOLUTIONS:
            x, padding = padded(layer, x, 0)
            groups = x.shape[1] if layer["type"] == "depthwise_conv2d" else 1
            x = functional.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), config["strides"], padding, 1, groups)
        elif layer["type"] == "batch_norm":
            statistics = (weights[f"{name}.{leaf}"] for leaf in ("running_mean", "running_var", "weight", "bias"))
            x = functional.batch_norm(x, *statistics, eps=config.get("epsilon", 1e-3))
        elif layer["type"] == "max_pool":
            x = functional.max_pool2d(padded(layer, x, -numpy.inf)[0], config["kernel"], config["strides"])
        elif layer["type"] == "add":
            x = x + others[0]
        top = ceiling(layer)
        return x if top is None else functional.relu(x) if top == numpy.inf else functional.hardtanh(x, 0, top)

    def forward():
        with torch.inference_mode():
            values = {network.layers[0]["name"]: image}
            for layer in network.layers[1:]:
                values[layer["name"]] = run(layer, *(values[name] for name in layer["inputs"]))
            return values[network.layers[-1]["name"]]

    return forward, lambda output: output.numpy().transpose(0, 2, 3, 1)


def keras_peer(network, threads):
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    torch.set_num_threads(threads)

    def layer_of(layer, x):
        config, name = layer["config"], layer["name"]
        padding = config.get("padding", "valid")
        if isinstance(padding, int):
            x, padding = keras.layers.ZeroPadding2D(padding)(x), "valid"
        common = {"strides": config["strides"], "padding": padding, "name": name}
        if layer["type"] == "conv2d":
            filters = layer["config"]["filters"]
            return keras.layers.Conv2D(filters, config["kernel"], use_bias=config.get("bias", True), activation=config.get("activation"), **common)(x)
        if layer["type"] == "depthwise_conv2d":
            return keras.layers.DepthwiseConv2D(config["kernel"], use_bias=config.get("bias", True), **common)(x)
        if layer["type"] == "max_pool":
            return keras.layers.MaxPooling2D(config["kernel"], **common)(x)
        if layer["type"] == "batch_norm":
            return keras.layers.BatchNormalization(epsilon=config.get("epsilon", 1e-3), name=name)(x)
        return keras.layers.ReLU(config.get("max_value"), name=name)(x)

    values = {network.layers[0]["name"]: keras.layers.Input(network.layers[0]["config"]["shape"])}
    for layer in network.layers[1:]:
        inputs = [values[name] for name in layer["inputs"]]
        values[layer["name"]] = keras.layers.Add(name=layer["name"])(inputs) if layer["type"] == "add" else layer_of(layer, inputs[0])
    model = keras.Model(values[network.layers[0]["name"]], values[network.layers[-1]["name"]])
    orders = {"conv2d": (2, 3, 1, 0), "depthwise_conv2d": (2, 3, 0, 1)}
    for layer in network.layers:
        leaves = ("weight", "bias", "running_mean", "running_var")
        arrays = [array for leaf in leaves if (array := network.weight(layer, leaf)) is not None]
        if arrays and layer["type"] in orders:
            arrays[0] = arrays[0].transpose(orders[layer["type"]])
        if arrays:
            model.get_layer(layer["name"]).set_weights(arrays)
    return lambda: model.predict_on_batch(network.input), lambda output: output


def onnx_model(network):
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], {name: array for name, array in network.weights.items()}
    shape = network.input.shape

    def clipped(layer, name):
        top = ceiling(layer)
        if top == numpy.inf:
            nodes.append(helper.make_node("Relu", [name], [layer["name"]]))
        elif top is not None:
            constants.setdefault("zero", numpy.float32(0))
            constants.setdefault(f"top{top}", numpy.float32(top))
            nodes.append(helper.make_node("Clip", [name, "zero", f"top{top}"], [layer["name"]]))

    def window(layer):
        padding = layer["config"].get("padding", "valid")
        pads = {"pads": [padding] * 4} if isinstance(padding, int) else {"auto_pad": "SAME_UPPER" if padding == "same" else "VALID"}
        return {"kernel_shape": layer["config"]["kernel"], "strides": layer["config"]["strides"]} | pads

    for layer in network.layers[1:]:
        name, inputs = layer["name"], layer["inputs"]
        output = name if ceiling(layer) is None else f"{name}/sum"
        if layer["type"] in CONVOLUTIONS:
            parameters = [f"{name}.{leaf}" for leaf in ("weight", "bias") if network.weight(layer, leaf) is not None]
            groups = len(network.weight(layer)) if layer["type"] == "depthwise_conv2d" else 1
            nodes.append(helper.make_node("Conv", inputs + parameters, [output], group=groups, **window(layer)))
        elif layer["type"] == "batch_norm":
            parameters = [f"{name}.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")]
            nodes.append(helper.make_node("BatchNormalization", inputs + parameters, [output], epsilon=layer["config"].get("epsilon", 1e-3)))
        elif layer["type"] == "max_pool":
            nodes.append(helper.make_node("MaxPool", inputs, [output], **window(layer)))
        elif layer["type"] == "add":
            nodes.append(helper.make_node("Add", inputs, [output]))
        clipped(layer, inputs[0] if layer["type"] == "relu" else output)
    first, last = network.layers[0]["name"], network.layers[-1]["name"]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(first, TensorProto.FLOAT, [shape[0], shape[3], shape[1], shape[2]])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(numpy.asarray(array), name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def channels_last(output):
    return output.transpose(0, 2, 3, 1)


def onnx_peer(network, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx_model(network), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: numpy.ascontiguousarray(network.input.transpose(0, 3, 1, 2))}
    return lambda: session.run(None, feed)[0], channels_last


def openvino_peer(network, threads):
    import openvino

    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    request = core.compile_model(core.read_model(onnx_model(network)), "CPU", options).create_infer_request()
    image = numpy.ascontiguousarray(network.input.transpose(0, 3, 1, 2))
    return lambda: request.infer([image], share_inputs=True, share_outputs=True)[0], channels_last


PEERS = {"torch": torch_peer, "keras": keras_peer, "onnx": onnx_peer, "openvino": openvino_peer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", choices=PEERS, required=True)
    arguments = parser.parse_args()
    forward, to_ours = PEERS[arguments.peer](Network(arguments.folder), arguments.threads)
    output = None
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        output = forward()
        print(f"{time.perf_counter() - begin:.6f}", flush=True)
    ours = arguments.folder / "output.safetensors"
    if output is not None and ours.exists():
        expected = load_file(ours)["values"]
        print(numpy.abs(to_ours(output) - expected).max() / numpy.abs(expected).max())


if __name__ == "__main__":
    main()
