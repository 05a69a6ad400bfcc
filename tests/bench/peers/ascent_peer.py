#!/usr/bin/env python3
"""The reference workload's ascent as Keras does it on its torch backend, for ascent_bench's network and start, timed on demand by the same
protocol: prints "ready", then for every line on its input makes one step and prints the seconds. After the last line it prints how far its
first step is from first.safetensors, as a share of the step (root mean squares): later ones part, for what rounds differently turns rectifiers
and pools over. One picture is computed: the first."""

import argparse
import os
import pathlib
import sys
import time

import numpy
from safetensors.numpy import load_file

STEP_SIZE = 0.1
FILTER = 0


def step_of(folder, layer, threads):
    """A function that makes one step, and the picture before it: both in x[0]."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    torch.set_num_threads(threads)
    weights, start = load_file(folder / "weights.safetensors"), load_file(folder / "start.safetensors")["values"][:1]
    whole = keras.applications.VGG16(weights=None, include_top=False, input_shape=start.shape[1:])
    model = keras.Model(whole.inputs, whole.get_layer(layer).output)
    model.trainable = False
    for each in model.layers:
        if each.weights:
            each.set_weights([weights[f"{each.name}.weight"].transpose(2, 3, 1, 0), weights[f"{each.name}.bias"]])
    x = [torch.from_numpy(start.copy())]

    def step():
        picture = x[0].detach().requires_grad_()
        loss = torch.mean(model(picture)[..., FILTER])
        (gradient,) = torch.autograd.grad(loss, picture)
        with torch.no_grad():
            gradient = gradient / (torch.sqrt(torch.mean(torch.square(gradient))) + 1e-7)
            x[0] = picture + STEP_SIZE * gradient

    return step, x, start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--layer", required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    step, x, start = step_of(arguments.folder, arguments.layer, arguments.threads)
    first = None
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        step()
        print(f"{time.perf_counter() - begin:.6f}", flush=True)
        first = x[0].numpy() if first is None else first
    ours = load_file(arguments.folder / "first.safetensors")["values"][:1]
    print(numpy.sqrt(numpy.square(ours - first).mean() / numpy.square(first - start).mean()))


if __name__ == "__main__":
    main()
