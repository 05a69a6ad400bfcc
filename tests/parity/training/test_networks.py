"""Training of whole networks, against PyTorch and Keras: same arrays, same order, same initial weights."""

import dataclasses
import json
import subprocess

import numpy
import pytest
from network_peers import CLASSES, CONVOLUTIONAL, DENSE, train_keras, train_torch
from safetensors.numpy import load_file, save_file

from service import program

# 320 examples in batches of 32 are 10 steps an epoch, five epochs 50.
EXAMPLES = 320
TRAJECTORIES = {
    "sgd": {"optimizer": "sgd", "lr": 0.01},
    "momentum": {"optimizer": "sgd", "lr": 0.001, "momentum": 0.9},
    "nesterov": {"optimizer": "sgd", "lr": 0.001, "momentum": 0.9, "nesterov": True},
    # Where a gradient is little more than rounding, a small epsilon makes whole steps of it: of a different rounding, different ones.
    "adam": {"optimizer": "adam", "lr": 2e-4, "epsilon": 1e-4},
}
NETWORKS = {"dense": DENSE, "convolutional": CONVOLUTIONAL}


@dataclasses.dataclass
class Run:
    """What learner_tool did, and what it was done with."""

    inputs: numpy.ndarray
    labels: numpy.ndarray
    settings: dict
    losses: list
    initial: dict
    weights: dict
    mixed: dict | None = None


def draw(head):
    """(rows, labels): features, or pictures of bytes, that have something of their class."""
    random = numpy.random.default_rng(4)
    labels = random.integers(0, CLASSES, EXAMPLES).astype(numpy.int32)
    if head is DENSE:
        means = random.normal(size=(CLASSES, 96))
        return (means[labels] + random.normal(size=(EXAMPLES, 96))).astype(numpy.float32), labels
    means = random.integers(60, 190, (CLASSES, 1, 1, 3))
    return (means[labels] + random.integers(-60, 61, (EXAMPLES, 20, 16, 3))).astype(numpy.uint8), labels


@pytest.fixture
def run_learner(tmp_path):
    def run(head, name="run", **settings):
        settings = {"head": head, "classes": CLASSES, "epochs": 5, "batch_size": 32} | settings
        rows, labels = draw(head)
        save_file({"rows": rows, "labels": labels}, tmp_path / "examples.safetensors")
        command = [program("learner_tool"), tmp_path / "examples.safetensors", tmp_path / name, json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        inputs = rows if rows.dtype == numpy.float32 else rows.astype(numpy.float32) * numpy.float32(1 / 255)
        mixed = tmp_path / name / "mixed.safetensors"
        return Run(inputs, labels, settings, json.loads(done.stdout), load_file(tmp_path / name / "initial.safetensors"),
                   load_file(tmp_path / name / "model.safetensors"), load_file(mixed) if mixed.exists() else None)

    return run


def check_weights(run, theirs):
    """Within 1e-5, and within 1e-3 of the way that they went together."""
    for name, ours in run.weights.items():
        assert numpy.abs(ours - theirs[name]).max() < 1e-5, name
        assert numpy.linalg.norm(ours - theirs[name]) <= 1e-3 * numpy.linalg.norm(theirs[name] - run.initial[name]), name


def check_against_torch(run):
    losses, weights = train_torch(run)
    assert run.losses == pytest.approx(losses, rel=1e-5)
    for tensor in list(weights):
        if tensor.endswith("running_var"):
            del weights[tensor], run.weights[tensor]  # PyTorch's is made of the unbiased variance; Keras's test compares it
    check_weights(run, weights)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_fifty_steps_are_pytorchs(run_learner, network, name):
    check_against_torch(run_learner(NETWORKS[network], **TRAJECTORIES[name]))


@pytest.mark.parametrize("name", ["momentum", "adam"])
@pytest.mark.parametrize("network,mixes", [("dense", ["mixup"]), ("convolutional", [{"mixup": 0.4}, "cutmix"])])
def test_fifty_steps_of_mixed_batches_are_pytorchs(run_learner, network, mixes, name):
    """PyTorch's cross entropy with the shares of both classes as targets."""
    run = run_learner(NETWORKS[network], **TRAJECTORIES[name], augment=mixes)
    assert len(numpy.unique(run.mixed["weights"])) > 40
    check_against_torch(run)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", TRAJECTORIES)
def test_fifty_steps_are_kerass(run_learner, network, name):
    run = run_learner(NETWORKS[network], **TRAJECTORIES[name])
    losses, weights = train_keras(run)
    assert run.losses == pytest.approx(losses, rel=1e-5)
    check_weights(run, weights)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_frozen_batch_norm_is_kerass(run_learner, network):
    head = NETWORKS[network]
    learning = ["head_dense", "head_dense_1"] if head is DENSE else ["head_conv2d_1", "head_dense"]
    run = run_learner(head, **TRAJECTORIES["momentum"], trainable=learning)
    losses, weights = train_keras(run)
    assert run.losses == pytest.approx(losses, rel=1e-5)
    check_weights(run, weights)
    for name, initial in run.initial.items():
        frozen = not any(name.startswith(layer + ".") for layer in learning)
        assert numpy.array_equal(run.weights[name], initial) == frozen, name


def test_a_repeated_training_has_the_same_bits(run_learner):
    head = [*CONVOLUTIONAL[:-1], {"dropout": 0.4}, CONVOLUTIONAL[-1]]
    for threads in (1, 2):
        one, two = (run_learner(head, name, **TRAJECTORIES["adam"], threads=threads) for name in ("one", "two"))
        assert one.losses == two.losses
        assert all(numpy.array_equal(array, two.weights[name]) for name, array in one.weights.items())
