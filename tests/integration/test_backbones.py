"""Backbones, with the real programs: weights are imported, features stored, heads trained on both, networks cut and exported."""

import csv

import numpy
import pytest

from images import write_dataset
from weights import write_efficientnet_lite0

JOB_FAILED, USAGE, NOT_FOUND, BAD_INPUT = 1, 2, 4, 5  # docs/cli.md
SIDE = 64  # pixels: keeps the runs short; the network takes any


@pytest.fixture(name="line")
def make_line(service, images, folder):
    """A server with the dataset seeds, its split default (16 + 4 images a class) and the model net."""
    service.cli("dataset", "add", "seeds", images)
    service.cli("split", "seeds", "--per-class", 4)
    weights = write_efficientnet_lite0(folder / "weights.safetensors")
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", weights)
    return service


def extract(service, subset, name, *options):
    arguments = ["--dataset", "seeds", "--split", "default", "--subset", subset, "--weights", "net", "--size", SIDE, "--name", name]
    return service.json("extract", *arguments, *options)


def train_head(service, model, *options, **kwargs):
    arguments = ["--dataset", "seeds", "--split", "default", "--weights", "net", "--size", SIDE, "--optimizer", "adam", "--epochs", 20, "--model", model]
    return service.json_lines("train", *arguments, *options, **kwargs)


def evaluate(service, model, *options):
    return service.json("evaluate", model, "--dataset", "seeds", "--split", "default", "--subset", "validation", *options)


def plan_of(lines):
    """What a training says first of how it goes about its work."""
    return next(event["message"] for event in lines if event.get("type") == "log")


def said(done):
    return done.stdout + done.stderr


def test_imported_weights_are_a_model_without_classes(line):
    model = line.json("model", "show", "net")
    assert (model["arch"], model["classes"], model["metrics"]) == ("efficientnet_lite0", [], None)
    assert "efficientnet_lite0" in line.cli("model", "ls").stdout
    summary = line.cli("model", "summary", "net").stdout
    assert "top_activation (ReLU)" in summary and "Total params: 3,413,024" in summary


def test_summary_of_networks_that_do_not_exist(service):
    vgg = service.cli("model", "summary", "--arch", "vgg16").stdout
    assert "Total params: 138,357,544\nTrainable params: 138,357,544\nNon-trainable params: 0\n" in vgg
    frozen = ["--arch", "vgg16", "--size", 150, "--classes", 12, "--head", "[flatten, dense: classes]", "--trainable", "head"]
    text = service.cli("model", "summary", *frozen).stdout
    assert "Total params: 14,813,004\nTrainable params: 98,316\nNon-trainable params: 14,714,688\n" in text
    document = service.json("model", "summary", "--arch", "resnet50", "--without-top")
    assert document["layers"][-1]["output_shape"] == [7, 7, 2048]
    assert "resnet50" in said(service.cli("model", "summary", "--arch", "resnet5", expect=BAD_INPUT))


def test_features_train_a_head(line):
    trained = extract(line, "train", "train-set", "--pool", "avg")
    extract(line, "validation", "val-set", "--pool", "avg")
    assert (trained["rows"], trained["shape"], trained["layer"]) == (48, [1280], "top_activation")
    lines = line.json_lines("train", "--features", "train-set", "--val-features", "val-set", "--optimizer", "adam", "--epochs", 20, "--model", "head")
    assert lines[-1]["state"] == "SUCCEEDED"
    result = evaluate(line, "head", "--top-k", 2)
    assert result["images"] == 12 and result["accuracy"] > 0.9, "three colours are easy to tell apart"
    assert result["top_k"] == 2 and result["top_k_accuracy"] >= result["accuracy"]
    listed = {item["name"] for item in line.json("features", "ls")["features"]}
    assert listed == {"train-set", "val-set"}
    line.cli("features", "rm", "val-set", "--yes")
    line.cli("features", "show", "val-set", expect=NOT_FOUND)


def test_the_frozen_part_runs_once_and_changes_nothing(line):
    first, again, uncached = (plan_of(train_head(line, *arguments)) for arguments in [("cached",), ("again",), ("uncached", "--no-feature-cache")])
    assert "once: 0 of 60 images in the feature cache" in first
    assert "once: 60 of 60 images in the feature cache" in again
    assert "the feature cache is off" in uncached
    weights = {name: line.json("model", "show", name)["weights_sha256"] for name in ("cached", "again", "uncached")}
    assert len(set(weights.values())) == 1, weights
    assert evaluate(line, "cached")["accuracy"] > 0.9


def test_a_plain_folder_and_weights_are_enough(line, folder):
    photos = write_dataset(folder / "photos", per_class=10)
    text = line.cli("train", photos, "--arch", "efficientnet_lite0", "--weights", "net", "--trainable", "head", "--size", SIDE, "--epochs", 2).stdout
    assert "Epoch 2/2" in text and "model photos-efficientnet_lite0:1" in text
    assert len(line.json("model", "show", "photos-efficientnet_lite0")["classes"]) == 3


def test_dry_run_says_what_would_run(line, folder):
    options = ["--weights", "net", "--size", SIDE, "--model", "m", "--dry-run"]
    plan = line.json("train", "--dataset", "seeds", "--split", "default", *options)["plan"]
    assert (plan["frozen_layer"], plan["feature_shape"], plan["backbone_images"]) == ("head_global_average_pool", [1280], 60)
    assert (plan["parameters"], plan["trainable_parameters"]) == (3_413_024 + 1280 * 3 + 3, 1280 * 3 + 3)
    text = line.cli("train", "--dataset", "seeds", *options, "--head", "[global_average_pool, dropout: 0.2, dense: classes]").stdout
    assert "run once for each image" in text and "[global_average_pool, dropout: 0.2, dense: classes]  flag" in text
    photos = write_dataset(folder / "photos", per_class=10)
    document = line.json("train", photos, *options)
    assert document["plan"]["trainable_parameters"] == 1280 * 3 + 3 and len(document["jobs"]) == 3


def test_cut_and_popped_models(line):
    cut = line.json("model", "cut", "net", "--layer", "block3b_add", "--as", "part")
    assert (cut["name"], cut["classes"]) == ("part", [])
    assert line.json("model", "summary", "part")["layers"][-1]["name"] == "block3b_add"
    line.cli("model", "pop", "net", "--count", 3, "--as", "less")
    assert line.json("model", "summary", "less")["layers"][-1]["name"] == "block7a_project_bn"
    lines = line.json_lines("train", "--dataset", "seeds", "--split", "default", "--weights", "part", "--size", SIDE, "--epochs", 1, "--model", "m")
    assert lines[-1]["state"] == "SUCCEEDED"


def test_features_leave_as_npy_and_csv(line, folder):
    extract(line, "validation", "val-set", "--pool", "max", "--dtype", "float16")
    line.cli("features", "export", "val-set", "--out", folder / "out/val.npy")
    values, labels = numpy.load(folder / "out/val.npy"), numpy.load(folder / "out/val.labels.npy")
    assert values.shape == (12, 1280) and sorted(labels) == [0] * 4 + [1] * 4 + [2] * 4
    line.cli("features", "export", "val-set", "--format", "csv", "--out", folder / "val.csv")
    with open(folder / "val.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 13 and len(rows[0]) == 1280 + 3
    assert numpy.allclose(numpy.array([row[3:] for row in rows[1:]], numpy.float32), values)


def test_torchscript_runs_without_seedbed(line, folder, images):
    torch = pytest.importorskip("torch")
    train_head(line, "head")
    line.cli("model", "export", "head", "--format", "torchscript", "--out", folder / "out")
    module = torch.jit.load(folder / "out/head.pt")
    logits = module(torch.zeros((2, SIDE, SIDE, 3), dtype=torch.uint8))
    assert logits.shape == (2, 3)


# --- What does not go together.


def test_unknown_layers_are_answered_with_the_nearest(line):
    arguments = ["--dataset", "seeds", "--weights", "net", "--size", SIDE, "--name", "f"]
    assert "top_activation" in said(line.cli("extract", *arguments, "--layer", "top_activtion", expect=None))
    assert "top_bn" in said(line.cli("model", "cut", "net", "--layer", "top_bm", "--as", "x", expect=None))
    line.cli("features", "show", "f", expect=NOT_FOUND)


def test_a_head_must_end_with_the_classes(line):
    arguments = ["--dataset", "seeds", "--split", "default", "--weights", "net", "--size", SIDE, "--model", "m"]
    text = said(line.cli("train", *arguments, "--head", "[global_average_pool, dense: 5]", expect=BAD_INPUT))
    assert "--head" in text and "5" in text and "3" in text


def test_another_architecture_is_refused(line):
    arguments = ["--dataset", "seeds", "--split", "default", "--weights", "net", "--model", "m"]
    text = said(line.cli("train", *arguments, "--arch", "vgg16", expect=BAD_INPUT))
    assert "vgg16" in text and "efficientnet_lite0" in text


def test_features_of_other_preprocessing_are_refused(line):
    extract(line, "train", "small", "--pool", "avg")
    arguments = ["--dataset", "seeds", "--split", "default", "--subset", "validation", "--weights", "net", "--pool", "avg"]
    line.cli("extract", *arguments, "--size", 2 * SIDE, "--name", "large")
    text = said(line.cli("train", "--features", "small", "--val-features", "large", "--model", "m", expect=None))
    assert f"{SIDE}x{SIDE}" in text and f"{2 * SIDE}x{2 * SIDE}" in text
    line.cli("model", "show", "m", expect=NOT_FOUND)


def test_a_taken_name_is_kept(line):
    extract(line, "validation", "taken", "--pool", "avg")
    arguments = ["--dataset", "seeds", "--weights", "net", "--size", SIDE, "--name", "taken"]
    assert "--name" in said(line.cli("extract", *arguments, expect=JOB_FAILED))
    assert line.json("features", "show", "taken")["rows"] == 12
