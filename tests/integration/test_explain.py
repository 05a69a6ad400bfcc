"""Explanations, with the real programs: what they leave, what the maps hold, and what is refused."""

import io

import numpy
import pytest
from PIL import Image

from images import write_image
from weights import write_efficientnet_lite0

JOB_FAILED, USAGE, NOT_FOUND, BAD_INPUT = 1, 2, 4, 5  # docs/cli.md
SIDE = 64
IMAGE = "Shepherd’s Purse/0003.png"
METHODS = {"saliency": [], "smoothgrad": ["--samples", 4], "integrated_gradients": ["--steps", 4], "gradcam": [], "occlusion": ["--window", 32]}


@pytest.fixture(name="line")
def make_line(service, images, folder):
    """A server with the dataset seeds, and the models net (a backbone), flowers (a head on it) and flat (a logistic regression)."""
    service.cli("dataset", "add", "seeds", images)
    weights = write_efficientnet_lite0(folder / "weights.safetensors")
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", weights, "--size", SIDE)
    service.cli("train", "--dataset", "seeds", "--weights", "net", "--optimizer", "adam", "--epochs", 3, "--model", "flowers")
    service.cli("train", "--dataset", "seeds", "--epochs", 3, "--size", SIDE, "--model", "flat")
    return service


def picture(path):
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return numpy.asarray(image)


@pytest.mark.parametrize("model,methods", [("flowers", list(METHODS)), ("flat", ["saliency", "integrated_gradients", "occlusion"])])
def test_every_method_leaves_a_sheet_and_maps(line, folder, model, methods):
    for method in methods:
        out = folder / model / method
        arguments = [IMAGE, "maize/0001.png", "--dataset", "seeds", "--method", method, *METHODS[method], "--out", out]
        said = line.json("visualize", "explain", model, *arguments)
        assert said["file"] == str(out / f"{model}-{method}.png")
        sheet = picture(out / f"{model}-{method}.png")
        assert sheet.shape == (said["sheet"]["height"], said["sheet"]["width"], 3)
        assert [image["name"] for image in said["images"]] == [IMAGE, "maize/0001.png"]
        for image in said["images"]:
            assert image["class_name"] in ("Shepherd’s Purse", "maize", "scentless mayweed") and 1 / 3 <= image["probability"] <= 1
            overlay, alone, numbers = (out / name for name in image["files"])
            assert picture(overlay).shape == picture(alone).shape == (SIDE, SIDE, 3)
            values = numpy.load(numbers)
            assert values.dtype == numpy.float32 and values.shape == (SIDE, SIDE)
            assert numpy.isfinite(values).all() and (values != 0).any() and (method in ("integrated_gradients", "occlusion") or values.min() >= 0)
        assert line.job(said["job"])["kind"] == "EXPLAIN"


def test_files_of_this_machine_are_as_those_of_the_dataset(line, images, folder):
    of_dataset = line.json("visualize", "explain", "flowers", IMAGE, "--dataset", "seeds", "--class", "maize", "--out", folder / "a")
    sent = line.json("visualize", "explain", "flowers", images / IMAGE, "--class", 1, "--out", folder / "b")
    assert sent["images"][0]["name"] == str(images / IMAGE)
    assert sent["images"][0]["probability"] == of_dataset["images"][0]["probability"]
    (first, second) = (numpy.load(folder / place / said["images"][0]["files"][2]) for place, said in (("a", of_dataset), ("b", sent)))
    numpy.testing.assert_array_equal(first, second)


def test_probabilities_are_those_of_evaluation(line, folder):
    line.cli("split", "seeds", "--per-class", 4)
    line.cli("evaluate", "flowers", "--dataset", "seeds", "--split", "default")
    job = line.json("job", "ls", "--kind", "evaluate")["jobs"][0]["id"]
    line.cli("job", "get", job, "predictions.csv", "--out", folder / "predictions.csv")
    rows = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    for row in rows[1:6]:
        path, *_, probability = row.split(",")
        said = line.json("visualize", "explain", "flowers", path, "--dataset", "seeds", "--out", folder / "one.png")
        assert abs(said["images"][0]["probability"] - float(probability)) < 1e-4


def test_activations_of_layers(line, folder):
    sheet = folder / "sheet.png"
    said = line.json("visualize", "activations", "flowers", IMAGE, "--dataset", "seeds", "--layer", "stem_conv", "--channels", "0-15,31", "--out", sheet)
    assert picture(sheet).shape == (said["sheet"]["height"], said["sheet"]["width"], 3)
    said = line.json("visualize", "activations", "net", IMAGE, "--dataset", "seeds", "--out", sheet)
    assert said["images"][0]["class_name"] == "", "a backbone has no classes"
    larger = said["sheet"]["height"]
    said = line.json("visualize", "activations", "net", IMAGE, "--dataset", "seeds", "--count", 8, "--out", sheet)
    assert said["sheet"]["height"] < larger


def test_a_model_that_is_explained_is_kept(line, api):
    spec = {"explain": {"model": "flowers", "dataset": "seeds", "images": [IMAGE] * 250, "attribution": {"method": "METHOD_SMOOTHGRAD", "samples": 10000}}}
    job = api.call("seedbed.v1.JobService/SubmitJob", {"spec": spec})["job"]["id"]
    for noun, name in (("model", "flowers"), ("dataset", "seeds")):
        assert job in line.cli(noun, "rm", name, "--yes", expect=JOB_FAILED).stderr
    line.cli("job", "cancel", job)
    line.wait_for_state(job, "CANCELLED")


@pytest.mark.parametrize(
    "arguments,code,reason",
    [
        (["explain", "weeds", IMAGE], NOT_FOUND, "MODEL: "),
        (["explain", "flowers", "maize/0099.png"], JOB_FAILED, "no image 'maize/0099.png'; did you mean 'maize/0009.png'?"),
        (["explain", "flowers", IMAGE, "--class", "maiz"], BAD_INPUT, "--class: there is no class 'maiz' among the model's 3; did you mean 'maize'?"),
        (["explain", "flowers", IMAGE, "--class", 3], BAD_INPUT, "--class: "),
        (["explain", "flowers", IMAGE, "--layer", "top_activatoin"], BAD_INPUT, "did you mean 'top_activation'?"),
        (["explain", "flowers", IMAGE, "--layer", "head_dense"], BAD_INPUT, "the last one is 'top_activation'"),
        (["explain", "flat", IMAGE, "--method", "gradcam"], BAD_INPUT, "saliency, smoothgrad, integrated_gradients and occlusion"),
        (["explain", "net", IMAGE], BAD_INPUT, "MODEL: 'net' is a network without classes"),
        (["explain", "flowers", IMAGE, "--method", "magic"], USAGE, "--method"),
        (["explain", "flowers", IMAGE, "--steps", 10], BAD_INPUT, "--steps goes with the method integrated_gradients only"),
        (["explain", "flowers", IMAGE, "--method", "smoothgrad", "--noise", 2], BAD_INPUT, "--noise"),
        (["explain", "flowers", IMAGE, "--method", "occlusion", "--window", SIDE + 1], BAD_INPUT, "--window"),
        (["explain", "flowers", IMAGE, "--method", "occlusion", "--window", 8, "--stride", 9], BAD_INPUT, "--stride"),
        (["activations", "flowers", IMAGE, "--layer", "stem_con"], BAD_INPUT, "did you mean 'stem_conv'?"),
        (["activations", "flowers", IMAGE, "--layer", "stem_conv", "--channels", "0,32"], BAD_INPUT, "--channels is 32, it must be 0 to 31"),
        (["activations", "flat", IMAGE], BAD_INPUT, "no layer with height and width"),
        (["activations", "flowers", IMAGE, "--channels", "5-2"], USAGE, "--channels"),
    ],
)
def test_bad_input_is_refused_with_the_reason(line, folder, arguments, code, reason):
    done = line.cli("visualize", *arguments, "--dataset", "seeds", "--out", folder / "none.png", expect=code)
    assert reason in done.stderr
    assert not (folder / "none.png").exists()


def test_files_that_are_no_images_are_named_with_the_reason(line, folder, images):
    def refused(path, code):
        return line.cli("visualize", "explain", "flowers", path, "--out", folder / "none.png", expect=code).stderr

    assert "there is no file" in refused(folder / "missing.png", NOT_FOUND)
    (folder / "notes.txt").write_text("no picture")
    assert f"image '{folder / 'notes.txt'}': " in refused(folder / "notes.txt", JOB_FAILED)
    (folder / "empty.png").touch()
    assert "empty.png" in refused(folder / "empty.png", JOB_FAILED)
    whole = (images / IMAGE).read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert "cut.png" in refused(folder / "cut.png", JOB_FAILED)
    Image.new("L", (20_000, 2)).save(folder / "wide.png")
    assert "20000" in refused(folder / "wide.png", JOB_FAILED).replace(",", "")
    # As small as it gets.
    write_image(folder / "dot.png", 1, size=1)
    assert line.json("visualize", "explain", "flowers", folder / "dot.png", "--out", folder / "dot")["images"][0]["files"]
    assert not (folder / "none.png").exists()


def test_what_was_not_uploaded_is_refused_when_it_is_submitted(line, api):
    spec = {"explain": {"model": "flowers", "uploads": [{"name": "photo.jpg", "sha256": "0" * 64}], "attribution": {}}}
    with pytest.raises(Exception, match="the server does not have the file 'photo.jpg'"):
        api.call("seedbed.v1.JobService/SubmitJob", {"spec": spec})
