"""Reports of real jobs, opened in a real browser; event files, read by TensorBoard itself; models compared; curves in the terminal."""

import csv
import io
import os
import pathlib

import pytest
from tensorboard.backend.event_processing import event_accumulator

from browser import Browser
from images import write_image
from weights import write_efficientnet_lite0

NOT_FOUND, USAGE = 4, 2  # docs/cli.md
PHONE = 390
# What a page does to run a script, as names of classes: folders may be called so.
SCRIPT, HANDLER = "<script>alert(1)", "<img src=x onerror=alert(1)>"

IS_DRAWN = """
  return [...document.querySelectorAll("canvas")].map((canvas) => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d", {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const pixels = context.getImageData(0, 0, copy.width, copy.height).data;
    const colours = new Set();
    for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3]) colours.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
    return canvas.width > 0 && colours.size > 3;
  })"""
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"


@pytest.fixture(name="browser")
def start_browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(name="seeds")
def make_seeds(service, images):
    """A server with seeds: 5 classes of 20 images, two of them with names that are harmful in a careless page, and a file that is no image."""
    for number in range(20):
        write_image(images / SCRIPT / f"{number:04}.png", 5000 + number, colour=(200, 60, 40))
        write_image(images / HANDLER / f"{number:04}.png", 6000 + number, colour=(195, 70, 45))
    (images / "maize/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    service.cli("dataset", "add", "seeds", images)
    service.cli("split", "seeds", "--per-class", 6)
    return service


def train(service, *arguments, model="m", epochs=3):
    arguments = ["--dataset", "seeds", "--split", "default", "--arch", "logistic", "--size", 16, "--epochs", epochs, "--model", model, *arguments]
    return service.json_lines("train", *arguments)[0]["id"]


def evaluate(service, model="m"):
    return service.json("evaluate", model, "--dataset", "seeds", "--split", "default")["job"]


def report_of(service, folder, name):
    path = folder / f"{name.replace(':', '-')}.html"
    assert service.json("report", name, "--out", path)["file"] == str(path)
    return path


def keep_screenshot(page, name):
    """Where SEEDBED_SCREENSHOTS names a folder: for people to look at."""
    if os.environ.get("SEEDBED_SCREENSHOTS"):
        page.screenshot(pathlib.Path(os.environ["SEEDBED_SCREENSHOTS"]) / f"{name}.png")


def check_page(page, charts):
    """Drawn, loaded, quiet, and as wide as its window."""
    drawn = page.run(IS_DRAWN)
    assert len(drawn) == charts and all(drawn)
    assert page.run("return [...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert page.console() == []
    assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")
    requests = page.requests()
    assert len(requests) == 1 and requests[0].startswith("file://"), requests


def check_names_are_text(page):
    assert page.run("return document.querySelectorAll('main script, main [onerror], img[src=x]').length") == 0
    text = page.run("return document.body.textContent")
    assert SCRIPT in text and HANDLER in text


def check_both_themes_and_a_phone(browser, path, charts, name):
    light = browser.open(path)
    check_page(light, charts)
    check_names_are_text(light)
    keep_screenshot(light, f"{name}-light")
    before = light.run(BACKGROUND)
    light.run("document.querySelector('header button').click()")
    assert light.run(BACKGROUND) != before and all(light.run(IS_DRAWN))
    light.run("localStorage.clear()")
    dark = browser.open(path, scheme="dark")
    assert dark.run(BACKGROUND) != before
    check_page(dark, charts)
    keep_screenshot(dark, f"{name}-dark")
    phone = browser.open(path, width=PHONE)
    check_page(phone, charts)
    keep_screenshot(phone, f"{name}-phone")


def hint_over(page, row, column):
    """What the page says when one points at a cell of the confusion matrix."""
    place = page.run(
        "const cell = document.querySelector('.matrix').tBodies[0].rows[arguments[0]].cells[arguments[1] + 1];"
        "cell.scrollIntoView({block: 'center'}); const box = cell.getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]",
        row,
        column,
    )
    page.hover(*place)
    return page.run("return [...document.querySelector('.hint').children].map((line) => line.textContent)")


def test_report_of_an_evaluation(seeds, folder, browser):
    train(seeds)
    job = evaluate(seeds)
    path = report_of(seeds, folder, job)
    assert path.stat().st_size < 1_000_000
    check_both_themes_and_a_phone(browser, path, charts=3, name="evaluation")
    page = browser.open(path)
    counts = seeds.job(job)["result"]["evaluate"]["confusion"]
    row, classes = counts[1], page.run("return [...document.querySelectorAll('.matrix tbody th')].map((name) => name.textContent)")
    assert classes == sorted(classes, key=str.encode) and len(classes) == 5
    hint = hint_over(page, 1, 1)
    assert hint[0] == f"{classes[1]}, recognised" and hint[1] == f"images: {row[1]}"
    assert f"{100 * row[1] / sum(row):.1f} % of 6" in hint[2]
    text = page.run("return document.body.textContent")
    assert "broken.png" in text and "Worst mistakes" in text and "Expected calibration error" in text and job in text
    assert page.run("return document.images.length") >= 24


def test_report_of_a_training(seeds, folder, browser):
    job = train(seeds)
    path = report_of(seeds, folder, job)
    assert report_of(seeds, folder, "m:1").read_bytes() == path.read_bytes()
    check_both_themes_and_a_phone(browser, path, charts=6, name="training")
    text = browser.open(path).run("return document.body.textContent")
    model = seeds.json("model", "show", "m")
    for told in (model["weights_sha256"], "seeds", job, "Learning rate", "broken.png", '"epochs": 3', model["profile"]["version"]):
        assert told in text
    assert f"{100 * model['metrics']['val_accuracy']:.1f} %" in text


def test_report_of_a_training_on_features(seeds, folder, browser):
    weights = write_efficientnet_lite0(folder / "lite0.safetensors")
    seeds.cli("model", "import", "backbone", "--arch", "efficientnet_lite0", "--weights", weights, "--size", 32)
    for subset in ("train", "validation"):
        seeds.cli("extract", "--dataset", "seeds", "--split", "default", "--subset", subset, "--weights", "backbone", "--pool", "avg", "--name", subset)
    arguments = ["--features", "train", "--val-features", "validation", "--epochs", 2, "--model", "head"]
    seeds.cli("train", *arguments)
    path = report_of(seeds, folder, "head")
    check_both_themes_and_a_phone(browser, path, charts=7, name="features")
    page = browser.open(path)
    images, text = page.run("return document.images.length"), page.run("return document.body.textContent")
    assert images >= 24 and "broken.png" in text and "Which images are alike to the network" in text
    seeds.cli("dataset", "rm", "seeds", "--yes")
    seeds.cli("train", *arguments)
    page = browser.open(report_of(seeds, folder, "head:2"))
    assert page.console() == [] and all(page.run(IS_DRAWN))
    assert page.run("return document.images.length") == 0


def test_no_report_says_why(seeds, folder):
    done = seeds.cli("report", "index-1", "--out", folder / "none.html", expect=NOT_FOUND)
    assert "leaves no report" in done.stderr
    assert "neither a job nor a model" in seeds.cli("report", "nothing", expect=NOT_FOUND).stderr


def test_tensorboard_reads_the_curves(seeds, folder):
    job = train(seeds, epochs=4)
    seeds.cli("job", "get", job, "--out", folder / "artifacts")
    events = event_accumulator.EventAccumulator(str(folder / "artifacts/tensorboard"), size_guidance=event_accumulator.STORE_EVERYTHING_SIZE_GUIDANCE)
    events.Reload()
    with open(folder / "artifacts/history.csv", encoding="utf-8") as file:
        history = list(csv.DictReader(file))
    for tag in ("loss", "accuracy", "val_loss", "val_accuracy", "lr"):
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == [1, 2, 3, 4]
        assert [scalar.value for scalar in scalars] == pytest.approx([float(epoch[tag]) for epoch in history], rel=1e-5)
    image = events.Images("training images")[0]
    assert image.encoded_image_string.startswith(b"\x89PNG") and image.width > 96


def test_models_are_compared(seeds, folder, browser):
    train(seeds)
    train(seeds, "--lr", 0.001, model="slow", epochs=5)
    job = evaluate(seeds)
    path = folder / "comparison.html"
    first, second = seeds.json("compare", "m", "slow", "--out", path)["models"]
    assert (first["model"], second["model"], second["epochs"]) == ("m:1", "slow:1", 5)
    assert first["evaluation"]["job"] == job and second["evaluation"] is None
    assert first["val_accuracy"] == pytest.approx(first["evaluation"]["accuracy"])
    assert "slow:1" in seeds.cli("compare", "m", "slow").stdout
    check_page(browser.open(path), charts=5)
    keep_screenshot(browser.open(path), "comparison")
    seeds.cli("compare", "m", "fast", expect=NOT_FOUND)
    seeds.cli("compare", "m", expect=USAGE)


def test_curves_in_the_terminal(seeds):
    job = train(seeds, epochs=6)
    environment = {**os.environ, "LC_ALL": "C", "COLUMNS": "80"}
    text = seeds.cli("job", "watch", job, "--plot", env=environment).stdout
    assert text.isascii() and "\033" not in text
    assert "* training" in text and "o validation" in text and "Epoch 6/6" in text
    assert max(map(len, io.StringIO(text).read().splitlines()[:-1])) <= 80
    braille = seeds.cli("job", "watch", job, "--plot", env={**environment, "LC_ALL": "C.UTF-8"}).stdout
    assert any("\u2800" < character <= "\u28ff" for character in braille)
