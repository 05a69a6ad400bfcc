"""Training arithmetic against PyTorch and Keras: same images, same split, same initial weights, same order."""

import numpy
import pytest
import torch
from safetensors import safe_open

from peers import train_keras, train_torch

# 336 training images in batches of 32 are 11 batches an epoch: five epochs are 55 steps.
TRAJECTORIES = {
    "sgd": {"optimizer": "sgd", "lr": 1e-4},
    "momentum": {"optimizer": "sgd", "lr": 1e-5, "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "lr": 1e-5, "momentum": 0.9, "nesterov": True},
    "adam": {"optimizer": "adam", "lr": 1e-6, "epsilon": 1e-7},
}


def distance(ours, theirs, initial):
    """How far apart two trajectories ended, in units of the way they went."""
    return numpy.linalg.norm(ours - theirs) / numpy.linalg.norm(theirs - initial)


def test_losses_of_three_epochs_are_pytorchs(run_training):
    training = run_training(epochs=3, lr=1e-4)
    peer = train_torch(training)
    assert training.losses() == pytest.approx(peer["losses"], rel=1e-5)
    assert training.losses("val_loss") == pytest.approx(peer["val_losses"], rel=1e-5)


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_fifty_steps_are_pytorchs(run_training, name):
    settings = TRAJECTORIES[name]
    if name == "adam":
        # Keras adds epsilon before the bias correction, PyTorch after it: so small a one that it does not matter where.
        settings = settings | {"epsilon": 1e-12}
    training = run_training(epochs=5, **settings)
    peer = train_torch(training)
    assert training.losses() == pytest.approx(peer["losses"], rel=1e-5)
    weight, initial = training.weights["dense.weight"], training.initial["dense.weight"]
    assert distance(weight, peer["weight"], initial) < 1e-4
    assert numpy.abs(weight - peer["weight"]).max() < 1e-5 * numpy.abs(peer["weight"]).max()


@pytest.mark.parametrize("name", TRAJECTORIES)
def test_fifty_steps_are_kerass(run_training, name):
    training = run_training(epochs=5, **TRAJECTORIES[name])
    peer = train_keras(training)
    assert training.losses() == pytest.approx(peer["losses"], rel=1e-5)
    weight, initial = training.weights["dense.weight"], training.initial["dense.weight"]
    assert distance(weight, peer["weight"], initial) < 1e-4
    assert numpy.abs(weight - peer["weight"]).max() < 1e-5 * numpy.abs(peer["weight"]).max()


def test_nearer_to_exact_arithmetic_than_pytorch(run_training):
    training = run_training(epochs=3, lr=1e-4)
    exact = train_torch(training, dtype=torch.float64)
    single = train_torch(training)
    initial = training.initial["dense.weight"]
    ours = distance(training.weights["dense.weight"], exact["weight"], initial)
    theirs = distance(single["weight"], exact["weight"], initial)
    assert ours < 2 * theirs


def test_threads_do_not_change_a_bit(run_training):
    runs = [run_training(f"threads{threads}", epochs=2, center="mean_image", shuffle=True, threads=threads) for threads in (1, 2)]
    files = [(run.output / "model.safetensors").read_bytes() for run in runs]
    assert files[0] == files[1]
    assert runs[0].losses() == runs[1].losses()


def test_mean_image_is_numpys(run_training):
    training = run_training(epochs=1, center="mean_image")
    x, _ = training.pixels("training")
    mean = training.weights["preprocessing.mean_image"]
    numpy.testing.assert_allclose(mean, x.mean(axis=0, dtype=numpy.float64), rtol=1e-6)


def test_safetensors_opens_our_files(run_training):
    training = run_training(epochs=1, size=16)
    for name in ("initial", "model", "best"):
        with safe_open(training.output / f"{name}.safetensors", framework="numpy") as file:
            assert file.get_tensor("dense.weight").shape == (len(training.report["classes"]), 16 * 16 * 3)
            assert file.get_tensor("dense.bias").dtype == numpy.float32
