#!/usr/bin/env python3
"""The logistic baseline as others train it, timed. Prints one JSON object: {"peer", "images", "epochs": [seconds...], "first_epoch_seconds",
"later_epoch_seconds" (median of the later ones)}.

  keras    Keras's flow_from_directory, workers=1: decodes every image in every epoch
  torch    PyTorch's DataLoader over PIL, 2 workers: likewise
  memory   PyTorch with all pixels decoded beforehand, which is not timed
"""

import argparse
import json
import os
import pathlib
import statistics
import time

SIZE = 150
BATCH = 32
LEARNING_RATE = 0.01


def timed_epochs(epochs, run_epoch):
    seconds = []
    for _ in range(epochs):
        begin = time.perf_counter()
        run_epoch()
        seconds.append(time.perf_counter() - begin)
    return seconds


def keras_epochs(folder, epochs):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(rescale=1 / 255).flow_from_directory(folder, target_size=(SIZE, SIZE), batch_size=BATCH)
    model = keras.Sequential([keras.layers.Input((SIZE, SIZE, 3)), keras.layers.Flatten(), keras.layers.Dense(generator.num_classes, activation="softmax")])
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss="categorical_crossentropy", metrics=["accuracy"])
    return timed_epochs(epochs, lambda: model.fit(generator, epochs=1, verbose=0))


def train_one_epoch(model, optimizer, batches):
    import torch

    for x, y in batches:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x.flatten(1).float() / 255), y).backward()
        optimizer.step()


def torch_model(classes):
    import torch

    model = torch.nn.Linear(SIZE * SIZE * 3, classes)
    return model, torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)


def image_dataset(folder):
    """A dataset of uint8 images (height, width, channel) and labels, read through PIL."""
    import numpy
    import torch
    from PIL import Image

    class Images(torch.utils.data.Dataset):
        def __init__(self):
            self.classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
            self.files = [(path, label) for label, name in enumerate(self.classes) for path in sorted((folder / name).iterdir())]

        def __len__(self):
            return len(self.files)

        def __getitem__(self, index):
            path, label = self.files[index]
            image = Image.open(path).convert("RGB")
            if image.size != (SIZE, SIZE):
                image = image.resize((SIZE, SIZE), Image.BILINEAR)
            return torch.from_numpy(numpy.array(image)), label

    return Images()


def torch_epochs(folder, epochs):
    import torch

    images = image_dataset(folder)
    loader = torch.utils.data.DataLoader(images, batch_size=BATCH, shuffle=True, num_workers=2)
    model, optimizer = torch_model(len(images.classes))
    return timed_epochs(epochs, lambda: train_one_epoch(model, optimizer, loader))


def memory_epochs(folder, epochs):
    import torch

    images = image_dataset(folder)
    pixels = torch.empty((len(images), SIZE, SIZE, 3), dtype=torch.uint8)
    labels = torch.empty(len(images), dtype=torch.long)
    for index in range(len(images)):
        pixels[index], labels[index] = images[index]
    model, optimizer = torch_model(len(images.classes))

    def batches():
        for chosen in torch.randperm(len(images)).split(BATCH):
            yield pixels[chosen], labels[chosen]

    return timed_epochs(epochs, lambda: train_one_epoch(model, optimizer, batches()))


PEERS = {"keras": keras_epochs, "torch": torch_epochs, "memory": memory_epochs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=pathlib.Path, required=True, help="folder with one folder of images for each class")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--peer", choices=PEERS, required=True)
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs must be at least 2: the first and the later ones are told apart")
    seconds = PEERS[arguments.peer](arguments.images, arguments.epochs)
    count = sum(1 for _ in arguments.images.glob("*/*"))
    print(json.dumps({"peer": arguments.peer, "images": count, "epochs": seconds, "first_epoch_seconds": seconds[0],
                      "later_epoch_seconds": statistics.median(seconds[1:])}))


if __name__ == "__main__":
    main()
