#!/usr/bin/env python3
"""scikit-learn's t-SNE and ours on the same features, by turns. Prints one JSON object: {"ours", "theirs", "our_divergence", "their_divergence",
"threads"}, seconds of wall time, the least of several rounds, principal components included.

Arguments: the program explore_tool, a folder for its files, rows, values, rounds.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

THREADS = min(2, os.cpu_count() or 1)
CLASSES, PERPLEXITY, ITERATIONS = 12, 30, 1000


def features(rows, values):
    """Numbers like a network's: never negative, of very different variances, around a few classes."""
    rng = np.random.default_rng(0)
    scale = np.exp(-np.linspace(0, 4, values))
    centres = rng.normal(0, 1, (CLASSES, values)) * scale
    return np.maximum(centres[np.arange(rows) % CLASSES] + rng.normal(0, 1.5, (rows, values)) * scale, 0).astype(np.float32)


def ours(tool, folder, rows):
    values, result = folder / "tsne.bin", folder / "tsne-map.bin"
    rows.tofile(values)
    arguments = [tool, THREADS - 1 or 1, "map", *rows.shape, values, result, PERPLEXITY, ITERATIONS, 0]
    begin = time.perf_counter()
    subprocess.run(list(map(str, arguments)), check=True)
    return time.perf_counter() - begin, float(np.fromfile(result, np.float64)[-1])


def theirs(rows):
    begin = time.perf_counter()
    components = PCA(50).fit_transform(rows)
    fitted = TSNE(2, perplexity=PERPLEXITY, init="pca", max_iter=ITERATIONS, n_jobs=THREADS).fit(components)
    return time.perf_counter() - begin, float(fitted.kl_divergence_)


def main():
    tool, folder, rows, values, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:6])
    numbers = features(rows, values)
    runs = [(ours(tool, folder, numbers), theirs(numbers)) for _ in range(rounds)]
    our_seconds, our_divergence = min(run[0] for run in runs)
    their_seconds, their_divergence = min(run[1] for run in runs)
    figures = {"ours": our_seconds, "theirs": their_seconds, "our_divergence": our_divergence, "their_divergence": their_divergence}
    print(json.dumps(figures | {"threads": THREADS}))


if __name__ == "__main__":
    main()
