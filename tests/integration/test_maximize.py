"""Pictures of what excites a network, with the real programs: filters, classes, the live file, and what is refused."""

import io

import pytest
from PIL import Image

from weights import write_efficientnet_lite0

JOB_FAILED, USAGE, NOT_FOUND, BAD_INPUT = 1, 2, 4, 5  # docs/cli.md
SIDE = 32
LAYER = "block2a_expand_activation"


@pytest.fixture(name="line")
def make_line(service, images, folder):
    """A server with the model net, a network without top."""
    service.cli("dataset", "add", "seeds", images)
    weights = write_efficientnet_lite0(folder / "weights.safetensors")
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", weights)
    return service


def picture(path):
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return image.size


def filters(service, *arguments, **options):
    return service.json("visualize", "filter", "net", "--layer", LAYER, "--size", SIDE, "--steps", 8, *arguments, **options)


@pytest.mark.parametrize("mode", ["natural", "reference"])
def test_filters(line, folder, mode):
    out = folder / "pictures"
    said = filters(line, "--filters", "5,0-1", "--mode", mode, "--seed", 3, "--out", out)
    assert [each["target"] for each in said["pictures"]] == [f"{LAYER} {number}" for number in (5, 0, 1)]
    assert all(each["probability"] is None for each in said["pictures"])
    assert picture(out / f"net-{LAYER}-5.png") == (SIDE, SIDE)
    assert picture(out / f"net-{LAYER}.png") == (said["sheet"]["width"], said["sheet"]["height"])
    job = line.job(said["job"])
    assert (job["kind"], job["state"]) == ("MAXIMIZE", "SUCCEEDED")
    again = filters(line, "--filters", 0, "--mode", mode, "--seed", 3, "--out", folder / "again")
    assert again["pictures"][0]["start_activation"] == pytest.approx(said["pictures"][1]["start_activation"], rel=1e-3)


def test_classes(line, folder):
    line.cli("train", "--dataset", "seeds", "--weights", "net", "--size", 64, "--epochs", 1, "--model", "classifier")
    said = line.json("visualize", "class", "classifier", "--classes", "maize,2", "--score", "softmax", "--steps", 8, "--out", folder / "sheet.png")
    assert picture(folder / "sheet.png") == (said["sheet"]["width"], said["sheet"]["height"])
    assert said["pictures"][0]["target"] == "maize" and len(said["pictures"]) == 2
    assert all(0 <= each["probability"] <= 1 for each in said["pictures"])
    done = line.cli("visualize", "class", "classifier", "--classes", "maise", expect=BAD_INPUT)
    assert "--classes" in done.stderr and "'maize'" in done.stderr


def test_live_file(line, folder):
    filters(line, "--filters", "0-3", "--live", folder / "live.png", "--live-every", 2, "--out", folder / "sheet.png")
    assert (folder / "live.png").read_bytes() == (folder / "sheet.png").read_bytes()
    assert not list(folder.glob("*live*tmp*"))


def test_bad_input(line):
    refused = {
        ("--layer", "block2a_expand_activaton", "--filters", 0): ("--layer", f"'{LAYER}'"),
        ("--layer", LAYER, "--filters", 96): ("--filters", "0 to 95"),
        ("--layer", LAYER, "--filters", 0, "--steps", 1000000): ("--steps",),
    }
    for arguments, words in refused.items():
        done = line.cli("visualize", "filter", "net", *arguments, expect=BAD_INPUT)
        assert all(word in done.stderr for word in words), done.stderr
    assert "top" in line.cli("visualize", "class", "net", "--classes", "maize", expect=BAD_INPUT).stderr
    line.cli("visualize", "filter", "nett", "--layer", LAYER, "--filters", 0, expect=NOT_FOUND)
    line.cli("visualize", "filter", "net", "--layer", LAYER, "--filters", "x", expect=USAGE)
