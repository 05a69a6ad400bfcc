#!/usr/bin/env python3
"""A Dense layer on frozen VGG16 (150x150, without top), trained with Keras on its torch backend, timed. Prints one JSON object:
{"images", "epochs": [seconds...]}. The pixels lie in memory, decoded beforehand; random weights, which cost as much as real ones."""

import argparse
import json
import os
import pathlib
import time

SIZE = 150
BATCH = 32


def pixels_and_labels(folder):
    import numpy
    from PIL import Image

    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    files = sorted(folder.glob("*/*"))
    pixels = numpy.stack([numpy.asarray(Image.open(file).convert("RGB").resize((SIZE, SIZE)), numpy.float32) for file in files])
    return pixels, numpy.array([classes.index(file.parent.name) for file in files])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=pathlib.Path, required=True, help="folder with one folder of images for each class")
    parser.add_argument("--epochs", type=int, default=2)
    arguments = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    pixels, labels = pixels_and_labels(arguments.images)
    backbone = keras.applications.VGG16(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3))
    backbone.trainable = False
    head = [keras.layers.Flatten(), keras.layers.Dense(int(labels.max()) + 1, activation="softmax")]
    model = keras.Sequential([backbone, *head])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    inputs = keras.applications.vgg16.preprocess_input(pixels)
    seconds = []
    for _ in range(arguments.epochs):
        begin = time.perf_counter()
        model.fit(inputs, labels, batch_size=BATCH, epochs=1, verbose=0)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"images": len(labels), "epochs": seconds}))


if __name__ == "__main__":
    main()
