"""Sets of features are Zarr stores for zarr-python, and stores that zarr-python writes are sets for Seedbed."""

import csv
import hashlib
import json
import subprocess

import numcodecs
import numpy as np
import pytest
import zarr

from service import program

CLASSES = ["Charlock", "Maize", "Shepherd’s Purse"]


def tool(verb, folder, target, text=""):
    done = subprocess.run([program("feature_tool"), verb, folder, target], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def some_values(rows, shape):
    """As after a ReLU: half of them zeros, the others of all magnitudes that a half-precision number can have."""
    rng = np.random.default_rng(rows)
    values = rng.normal(0, 1, (rows, *shape)) * 10.0 ** rng.integers(-8, 4, (rows, *shape))
    return np.maximum(values, 0).astype(np.float32)


def attributes(values, dtype="float32"):
    rows = len(values)
    paths = [f"{CLASSES[row % 3]}/{row} ü.png" for row in range(rows)]
    return {
        "format": "seedbed-features",
        "format_version": 1,
        "classes": CLASSES,
        "paths": paths,
        "sha256": [hashlib.sha256(path.encode()).hexdigest() for path in paths],
        "shape": list(values.shape[1:]),
        "dtype": dtype,
        "model": "backbone:1",
        "weights_sha256": hashlib.sha256(b"weights").hexdigest(),
        "arch": "vgg16",
        "layer": "block5_pool",
        "pool": "none",
        "preprocessing": {
            "width": 150,
            "height": 150,
            "interpolation": "bilinear",
            "rescale": 1.0,
            "mean": [103.939, 116.779, 123.68],
            "std": [1.0, 1.0, 1.0],
            "channels": "bgr",
            "center": "none",
        },
        "dataset": "seedlings:1",
        "split": "default",
        "subset": "train",
        "profile": {"backend": "torch"},
    }


def labels_of(values):
    return [row % 3 for row in range(len(values))]


def write_with_seedbed(folder, values, dtype="float32", codec="lz4"):
    raw = folder.parent / "values.bin"
    values.tofile(raw)
    description = attributes(values, dtype) | {"labels": labels_of(values), "codec": codec}
    tool("write", folder, raw, json.dumps(description))


def bfloat16_bits(values):
    """Rounded to nearest, ties to even."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


STORED = {"float32": lambda values: values, "float16": lambda values: values.astype(np.float16), "bfloat16": bfloat16_bits}


@pytest.mark.parametrize("codec", ["lz4", "zstd", ""])
@pytest.mark.parametrize("dtype", STORED)
def test_python_reads_what_seedbed_writes(tmp_path, dtype, codec):
    for rows, shape in [(1, (3,)), (700, (4, 4, 16)), (513, (1280,))]:
        folder = tmp_path / f"{rows}"
        values = some_values(rows, shape)
        write_with_seedbed(folder, values, dtype, codec)
        group = zarr.open(folder, mode="r")
        expected = STORED[dtype](values)
        assert group["features"].dtype == expected.dtype
        np.testing.assert_array_equal(group["features"][:], expected)
        np.testing.assert_array_equal(group["labels"][:], labels_of(values))
        assert dict(group.attrs) == attributes(values, dtype)
        assert group["features"].attrs["dtype"] == dtype


def write_with_python(folder, values, compressor, chunk_rows, **options):
    group = zarr.create_group(folder, zarr_format=2, attributes=attributes(values))
    features = group.create_array(
        "features", shape=values.shape, chunks=(chunk_rows, *values.shape[1:]), dtype="<f4", compressors=compressor, fill_value=0, **options
    )
    features[:] = values
    labels = group.create_array("labels", shape=(len(values),), chunks=(100,), dtype="<i4", compressors=compressor, fill_value=0)
    labels[:] = labels_of(values)


def read_with_seedbed(folder, shape):
    raw = folder.parent / "read.bin"
    description = json.loads(tool("read", folder, raw))
    return np.fromfile(raw, np.float32).reshape(shape), description


@pytest.mark.parametrize("shuffle", [numcodecs.Blosc.NOSHUFFLE, numcodecs.Blosc.SHUFFLE, numcodecs.Blosc.BITSHUFFLE])
@pytest.mark.parametrize("codec", ["lz4", "zstd", "blosclz"])
def test_seedbed_reads_what_python_writes(tmp_path, codec, shuffle):
    values = some_values(250, (2, 3, 8))
    write_with_python(tmp_path / "set", values, numcodecs.Blosc(cname=codec, clevel=5, shuffle=shuffle), chunk_rows=64)
    read, description = read_with_seedbed(tmp_path / "set", values.shape)
    np.testing.assert_array_equal(read, values)
    assert description == attributes(values) | {"labels": labels_of(values)}


def test_seedbed_reads_uncompressed_and_missing_chunks(tmp_path):
    values = some_values(250, (16,))
    values[64:128] = 0  # zarr-python leaves out chunks that are nothing but the fill value
    write_with_python(tmp_path / "set", values, None, chunk_rows=64)
    assert not (tmp_path / "set/features/1.0").exists()
    read, _ = read_with_seedbed(tmp_path / "set", values.shape)
    np.testing.assert_array_equal(read, values)


def test_seedbed_reads_nested_chunk_names(tmp_path):
    values = some_values(100, (4, 4))
    separator = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    write_with_python(tmp_path / "set", values, numcodecs.Blosc(), 30, **separator)
    assert (tmp_path / "set/features/3/0/0").exists()
    read, _ = read_with_seedbed(tmp_path / "set", values.shape)
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("dtype", STORED)
def test_exports(tmp_path, dtype):
    values = some_values(600, (2, 5))
    write_with_seedbed(tmp_path / "set", values, dtype)
    tool("export", tmp_path / "set", tmp_path)
    expected = STORED[dtype](values)
    if dtype == "bfloat16":
        expected = (expected.astype(np.uint32) << 16).view(np.float32)
    loaded = np.load(tmp_path / "features.npy")
    assert loaded.dtype == expected.dtype
    np.testing.assert_array_equal(loaded, expected)
    np.testing.assert_array_equal(np.load(tmp_path / "labels.npy"), labels_of(values))
    with open(tmp_path / "all.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["path", "class", "sha256", *map(str, range(10))]
    paths = attributes(values)["paths"]
    assert [row[:2] for row in rows[1:]] == [[path, CLASSES[label]] for path, label in zip(paths, labels_of(values), strict=True)]
    np.testing.assert_array_equal(np.array([row[3:] for row in rows[1:]], np.float32).reshape(600, 2, 5), expected.astype(np.float32))
