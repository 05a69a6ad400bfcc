"""Models open with the reference library of their format."""

import hashlib
import json

import numpy
from safetensors import safe_open


def weights_digest(tensors):
    """SHA-256 over sorted names, types, shapes and data, as the model's record states it."""
    return hashlib.sha256(b"".join(name.encode() + tensor.tobytes() for name, tensor in sorted(tensors.items()))).hexdigest()


def test_exported_weights_open_with_safetensors(service, images, folder):
    service.cli("dataset", "add", "seeds", images)
    service.cli("train", "--dataset", "seeds", "--arch", "logistic", "--epochs", 2, "--size", 16, "--model", "m")
    service.cli("model", "export", "m", "--out", folder / "exported")
    record = service.json("model", "show", "m")
    with safe_open(folder / "exported/model.safetensors", framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    described = json.loads((folder / "exported/model.json").read_text(encoding="utf-8"))
    kernels = [tensor for tensor in tensors.values() if tensor.ndim == 2]
    assert any(sorted(kernel.shape) == [3, 16 * 16 * 3] for kernel in kernels)
    assert all(numpy.isfinite(tensor).all() for tensor in tensors.values())
    assert record["classes"] == described["classes"]
    assert record["parameters"] == 3 * 16 * 16 * 3 + 3
