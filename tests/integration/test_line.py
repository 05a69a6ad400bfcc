"""The whole line, as a person or a script walks it: images, split, training, evaluation, artifacts, model."""

import csv
import io
import json

import pytest

EPOCH_KEYS = {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds", "images_per_second"}


def prepare(service, images, *split_options):
    service.cli("dataset", "add", "seeds", images)
    service.cli("split", "seeds", "--per-class", 4, "--seed", 1, *split_options)


def train(service, *options, model="m", epochs=4, **kwargs):
    arguments = ["train", "--dataset", "seeds", "--split", "default", "--arch", "logistic", "--epochs", epochs, "--size", 16, "--model", model]
    return service.json_lines(*arguments, *options, **kwargs)


def test_dataset(service, images):
    added = service.cli("dataset", "add", "seeds", images)
    assert "Found 60 images belonging to 3 classes." in added.stdout
    shown = service.json("dataset", "show", "seeds")
    assert (shown["name"], shown["version"], shown["images"], shown["rejected"]) == ("seeds", 1, 60, 0)
    assert shown["classes"] == [
        {"name": "Shepherd’s Purse", "images": 20},
        {"name": "maize", "images": 20},
        {"name": "scentless mayweed", "images": 20},
    ]
    assert [item["name"] for item in service.json("dataset", "ls")["datasets"]] == ["seeds"]
    service.cli("dataset", "rm", "seeds", "--yes")
    assert service.json("dataset", "ls")["datasets"] == []
    assert len(list(images.glob("*/*.png"))) == 60, "images indexed in place are never touched"


def test_upload_equals_indexing_in_place(service, images):
    service.cli("dataset", "add", "here", images)
    service.cli("dataset", "add", "sent", images, "--upload")
    here, sent = (service.json("dataset", "show", name) for name in ("here", "sent"))
    assert sent["classes"] == here["classes"] and sent["images"] == 60
    service.cli("split", "sent", "--per-class", 4)
    service.cli("train", "--dataset", "sent", "--split", "default", "--arch", "logistic", "--epochs", 1, "--size", 16, "--model", "m")


def test_split_counts_and_materialised_copy(service, images, folder):
    prepare(service, images, "--materialize", folder / "laid-out", "--mode", "copy")
    split = service.json("dataset", "show", "seeds")["splits"][0]
    by_name = {subset["name"]: subset for subset in split["subsets"]}
    assert by_name["validation"]["per_class"] == [4, 4, 4] and by_name["train"]["per_class"] == [16, 16, 16]
    assert len(list((folder / "laid-out/validation/maize").iterdir())) == 4
    assert len(list((folder / "laid-out/train/maize").iterdir())) == 16


def test_split_takes_folders_as_they_are(service, images, folder):
    prepare(service, images, "--materialize", folder / "laid-out", "--mode", "link")
    service.cli("dataset", "add", "given", folder / "laid-out")
    service.cli("split", "given", "--from-folders")
    split = service.json("dataset", "show", "given")["splits"][0]
    assert {subset["name"]: subset["images"] for subset in split["subsets"]} == {"train": 48, "validation": 12}


def test_training_streams_its_epochs(service, images):
    prepare(service, images)
    lines = train(service)
    assert lines[0]["type"] == "job"
    job_id = lines[0]["id"]
    epochs = [line for line in lines if line.get("type") == "epoch"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4]
    assert all(EPOCH_KEYS <= epoch.keys() for epoch in epochs)
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    numbered = [line["seq"] for line in lines if line.get("seq")]
    assert numbered == list(range(1, len(numbered) + 1))
    assert (lines[-1]["type"], lines[-1]["state"]) == ("state", "SUCCEEDED")
    shown = service.job(job_id)
    assert {"id", "kind", "state", "attempt", "error"} <= shown.keys()
    assert (shown["id"], shown["kind"], shown["state"], shown["attempt"], shown["error"]) == (job_id, "TRAIN", "SUCCEEDED", 1, None)


def test_text_of_a_training_looks_like_keras(service, images):
    prepare(service, images)
    arguments = ["--dataset", "seeds", "--split", "default", "--arch", "logistic", "--epochs", 2, "--size", 16, "--model", "m"]
    text = service.cli("train", *arguments).stdout
    assert "Epoch 1/2" in text and "Epoch 2/2" in text
    assert all(word in text for word in ("loss:", "acc:", "val_loss:", "val_acc:"))
    assert "train-" in text.splitlines()[0]


def test_evaluation_adds_up(service, images):
    prepare(service, images)
    train(service, epochs=20)
    result = service.json("evaluate", "m", "--dataset", "seeds", "--split", "default", "--subset", "validation")
    assert {"accuracy", "top5", "per_class", "confusion", "images"} <= result.keys()
    assert result["images"] == 12 and result["top5"] == 1
    confusion = result["confusion"]
    assert [sum(row) for row in confusion] == [4, 4, 4]
    assert sum(confusion[i][i] for i in range(3)) / 12 == pytest.approx(result["accuracy"])
    assert result["accuracy"] > 0.9, "three colours are easy to tell apart"


def test_artifacts_come_back_byte_for_byte(service, images, folder):
    prepare(service, images)
    train(service)
    job_id = service.json("evaluate", "m", "--dataset", "seeds", "--split", "default", "--subset", "validation")["job"]
    artifacts = {item["name"]: item for item in service.json("job", "artifacts", job_id)["artifacts"]}
    assert "confusion.csv" in artifacts
    service.cli("job", "get", job_id, "confusion.csv", "--out", folder / "confusion.csv")
    text = (folder / "confusion.csv").read_text(encoding="utf-8")
    assert len(text.encode()) == artifacts["confusion.csv"]["bytes"]
    rows = list(csv.reader(io.StringIO(text)))
    assert any("Shepherd’s Purse" in cell for row in rows for cell in row)


def test_model(service, images, folder):
    prepare(service, images)
    train(service)
    model = service.json("model", "show", "m")
    assert model["classes"] == ["Shepherd’s Purse", "maize", "scentless mayweed"]
    assert model["parameters"] == 16 * 16 * 3 * 3 + 3 and len(model["weights_sha256"]) == 64
    assert EPOCH_KEYS <= model["metrics"].keys()
    summary = service.cli("model", "summary", "m").stdout
    assert "Dense" in summary and "2,307" in summary
    service.cli("model", "export", "m", "--out", folder / "out")
    assert json.loads((folder / "out/model.json").read_text(encoding="utf-8"))["classes"] == model["classes"]
    assert (folder / "out/model.safetensors").stat().st_size > 4 * model["parameters"]
    assert [item["name"] for item in service.json("model", "ls")["models"]] == ["m"]
    service.cli("model", "rm", "m", "--yes")
    service.cli("model", "show", "m", expect=4)


def test_a_plain_folder_is_enough(service, images):
    text = service.cli("train", images, "--arch", "logistic", "--epochs", 2, "--size", 16).stdout
    assert "Epoch 2/2" in text
    again = service.cli("train", images, "--arch", "logistic", "--epochs", 1, "--size", 16).stdout
    assert "Epoch 1/1" in again
    assert len(service.json("dataset", "ls")["datasets"]) == 1, "the second run uses the dataset of the first"


def test_dry_run_says_what_would_happen_and_does_nothing(service, images):
    prepare(service, images)
    before = len(service.json("job", "ls")["jobs"])
    options = ["--dataset", "seeds", "--split", "default", "--arch", "logistic", "--epochs", 3, "--size", 16, "--model", "m", "--dry-run"]
    text = service.cli("train", *options).stdout
    assert "48" in text and "12" in text
    plan = service.json("train", *options)["plan"]
    assert (plan["training_images"], plan["validation_images"], plan["steps_per_epoch"]) == (48, 12, 2)
    assert len(service.json("job", "ls")["jobs"]) == before
    service.cli("model", "show", "m", expect=4)


def test_recipe(service, images, folder):
    prepare(service, images)
    recipe = folder / "recipe.yaml"
    recipe.write_text("dataset: seeds\nsplit: default\narch: logistic\nmodel: r\nepochs: 2\nsize: 16\n")
    lines = service.json_lines("train", "-f", recipe)
    assert [line["epoch"] for line in lines if line.get("type") == "epoch"] == [1, 2]
    lines = service.json_lines("train", "-f", recipe, "--epochs", 1)
    assert [line["epoch"] for line in lines if line.get("type") == "epoch"] == [1], "a flag overrides the recipe"
