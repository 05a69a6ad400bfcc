#!/usr/bin/env python3
"""A head on stored features as PyTorch trains it: Linear and cross-entropy, batches of 32, in a new order each epoch. Prints one JSON object:
{"optimizer": samples a second, the median of the epochs but the first}. The same work as train_bench's HeadTraining."""

import argparse
import json
import statistics
import time

import torch

EXAMPLES = 4606
FEATURES = 1280
CLASSES = 12
BATCH = 32


def features():
    torch.manual_seed(0)
    labels = torch.arange(EXAMPLES) % CLASSES
    return torch.rand(EXAMPLES, FEATURES) + 0.2 * (torch.arange(FEATURES) % CLASSES == labels[:, None]), labels


def samples_per_second(x, y, make_optimizer, epochs):
    model = torch.nn.Linear(FEATURES, CLASSES)
    optimizer = make_optimizer(model.parameters(), lr=1e-3)
    seconds = []
    for _ in range(epochs):
        begin = time.perf_counter()
        for batch in torch.randperm(EXAMPLES).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        seconds.append(time.perf_counter() - begin)
    return EXAMPLES / statistics.median(seconds[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs must be at least 2: the first is not counted")
    x, y = features()
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    print(json.dumps({name: samples_per_second(x, y, make, arguments.epochs) for name, make in optimizers.items()}))


if __name__ == "__main__":
    main()
