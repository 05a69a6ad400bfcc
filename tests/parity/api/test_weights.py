"""Models open with the reference library of their format, and its digest of the weights is ours."""

import hashlib
import json

import numpy
import pytest
from safetensors import safe_open


@pytest.fixture
def exported(service, images, folder):
    """(folder of the exported model, what `model show` says)"""
    service.cli("dataset", "add", "seeds", images)
    service.cli("train", "--dataset", "seeds", "--arch", "logistic", "--epochs", 2, "--size", 16, "--model", "m")
    service.cli("model", "export", "m", "--out", folder / "exported")
    return folder / "exported", service.json("model", "show", "m")


def read_tensors(path):
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def digest(tensors):
    """As core/nn/tensor.h defines it."""
    result = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        assert tensor.dtype == numpy.float32
        shape = ",".join(map(str, tensor.shape))
        result.update(f"{name}\0F32\0{shape}\0".encode() + tensor.tobytes())
    return result.hexdigest()


def test_weights_open_with_safetensors(exported):
    folder, _ = exported
    tensors, metadata = read_tensors(folder / "model.safetensors")
    inputs = 16 * 16 * 3
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    assert shapes.pop("preprocessing.mean_image") == (16, 16, 3)
    assert sorted(shapes.values()) == [(3,), (3, inputs)]
    assert all(numpy.isfinite(tensor).all() for tensor in tensors.values())
    assert "Shepherd’s Purse" in metadata["classes"]


def test_digest_of_the_weights_can_be_checked_by_anyone(exported):
    folder, shown = exported
    tensors, _ = read_tensors(folder / "model.safetensors")
    described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert shown["weights_sha256"] == described["weights_sha256"] == digest(tensors)
    assert shown["parameters"] == described["parameters"] == 3 * 16 * 16 * 3 + 3
    assert shown["classes"] == described["classes"]
