#!/usr/bin/env python3
"""The reference workload's ascent as Keras does it on one of its backends, for ascent_bench's network and start, timed on demand by the same
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


class Ascent:
    """Makes steps; `picture` is where it is."""

    def __init__(self, folder, layer):
        import keras

        weights = load_file(folder / "weights.safetensors")
        self.picture = self.start = load_file(folder / "start.safetensors")["values"][:1]
        whole = keras.applications.VGG16(weights=None, include_top=False, input_shape=self.start.shape[1:])
        self.model = keras.Model(whole.inputs, whole.get_layer(layer).output)
        self.model.trainable = False
        for each in self.model.layers:
            if each.weights:
                each.set_weights([weights[f"{each.name}.weight"].transpose(2, 3, 1, 0), weights[f"{each.name}.bias"]])


class TorchAscent(Ascent):
    def __init__(self, folder, layer, threads):
        import torch

        super().__init__(folder, layer)
        self.torch = torch
        torch.set_num_threads(threads)

    def step(self):
        torch = self.torch
        picture = torch.from_numpy(self.picture).requires_grad_()
        loss = torch.mean(self.model(picture)[..., FILTER])
        (gradient,) = torch.autograd.grad(loss, picture)
        gradient = gradient / (torch.sqrt(torch.mean(torch.square(gradient))) + 1e-7)
        self.picture = (picture.detach() + STEP_SIZE * gradient).numpy()


class TensorFlowAscent(Ascent):
    """In one graph, as the reference workload runs it."""

    def __init__(self, folder, layer, threads):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        super().__init__(folder, layer)

        @tf.function
        def climb(picture):
            with tf.GradientTape() as tape:
                tape.watch(picture)
                loss = tf.reduce_mean(self.model(picture)[..., FILTER])
            gradient = tape.gradient(loss, picture)
            return picture + STEP_SIZE * gradient / (tf.sqrt(tf.reduce_mean(tf.square(gradient))) + 1e-7)

        self.climb = climb

    def step(self):
        self.picture = self.climb(self.picture).numpy()


BACKENDS = {"torch": TorchAscent, "tensorflow": TensorFlowAscent}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--layer", required=True)
    parser.add_argument("--backend", choices=BACKENDS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["KERAS_BACKEND"] = arguments.backend
    ascent = BACKENDS[arguments.backend](arguments.folder, arguments.layer, arguments.threads)
    first = None
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        ascent.step()
        print(f"{time.perf_counter() - begin:.6f}", flush=True)
        first = ascent.picture if first is None else first
    ours = load_file(arguments.folder / "first.safetensors")["values"][:1]
    print(numpy.sqrt(numpy.square(ours - first).mean() / numpy.square(first - ascent.start).mean()))


if __name__ == "__main__":
    main()
