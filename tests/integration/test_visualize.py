"""Contact sheets, with the real programs: what they show, what they hold pixel for pixel, and what is refused."""

import io

import numpy
import pytest
from PIL import Image

JOB_FAILED, USAGE, NOT_FOUND, BAD_INPUT = 1, 2, 4, 5  # docs/cli.md
SIDE = 72
IMAGE = "Shepherd’s Purse/0003.png"


@pytest.fixture(name="seeds")
def make_seeds(service, images):
    """A server with the dataset seeds (3 classes of 20 images) and its split default."""
    service.cli("dataset", "add", "seeds", images)
    service.cli("split", "seeds", "--per-class", 4)
    return service


def sheet_of(service, folder, *arguments):
    """What the command says, and the sheet as height x width x 3 bytes."""
    path = folder / "sheet.png"
    said = service.json("visualize", *arguments, "--out", path)
    assert said["file"] == str(path)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (said["width"], said["height"]))
        return said, numpy.asarray(image)


def resized(images, name):
    """The image as load_img gives it."""
    with Image.open(images / name) as image:
        return numpy.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def holds(sheet, picture):
    """Whether the picture stands somewhere on the sheet, pixel for pixel."""
    rows, columns = sheet.shape[0] - picture.shape[0] + 1, sheet.shape[1] - picture.shape[1] + 1
    corner = numpy.all(sheet[:rows, :columns] == picture[0, 0], axis=2)
    return any((sheet[y : y + picture.shape[0], x : x + picture.shape[1]] == picture).all() for y, x in zip(*numpy.nonzero(corner)))


def test_samples_of_each_class(seeds, images, folder):
    said, sheet = sheet_of(seeds, folder, "samples", "--dataset", "seeds", "--count", 5, "--size", SIDE)
    assert said["images"] == 15
    found = [holds(sheet, resized(images, f"maize/{number:04}.png")) for number in range(20)]
    assert sum(found) == 5
    said, _ = sheet_of(seeds, folder, "samples", "--dataset", "seeds", "--split", "default", "--subset", "validation", "--count", 100)
    assert said["images"] == 12
    job = seeds.job(said["job"])
    assert (job["kind"], job["state"]) == ("VISUALIZE", "SUCCEEDED")


def test_augmented_pictures_follow_from_the_seed(seeds, images, folder):
    arguments = ["augment", "--dataset", "seeds", "--image", IMAGE, "--size", SIDE, "--augment", "[fliplr: 1]"]
    _, sheet = sheet_of(seeds, folder, *arguments, "--variants", 2)
    assert holds(sheet, resized(images, IMAGE)) and holds(sheet, resized(images, IMAGE)[:, ::-1])
    drawn = ["augment", "--dataset", "seeds", "--image", IMAGE, "--size", SIDE, "--augment", "[multiply: [0.5, 1.5]]", "--variants", 4]
    first, again, other = (sheet_of(seeds, folder, *drawn, "--seed", seed)[1] for seed in (1, 1, 2))
    assert (first == again).all()
    assert first.shape == other.shape and (first != other).any()


def test_steps_of_a_recipe(seeds, images, folder):
    recipe = folder / "recipe.yaml"
    recipe.write_text(f"dataset: seeds\nseed: 4\nsize: {SIDE}\naugment: [fliplr: 1, flipud: 1]\n")
    said, sheet = sheet_of(seeds, folder, "augment", "-f", recipe, "--image", IMAGE, "--steps")
    original = resized(images, IMAGE)
    assert said["images"] == 1
    assert all(holds(sheet, picture) for picture in (original, original[:, ::-1], original[::-1, ::-1]))


def test_background_and_its_proposal(seeds, folder):
    said, _ = sheet_of(seeds, folder, "background", "--dataset", "seeds", "--count", 3)
    assert (said["images"], said["suggestion"]) == (3, "")
    names = [f"--image=Shepherd’s Purse/{number:04}.png" for number in range(6)]
    text = seeds.cli("visualize", "background", "--dataset", "seeds", *names, "--suggest", "--out", folder / "s.png").stdout
    assert "pipeline:\n  - remove_background:\n      colours: [[" in text
    snippet = folder / "recipe.yaml"
    snippet.write_text("dataset: seeds\n" + text[text.index("pipeline:") :])
    sheet_of(seeds, folder, "samples", "-f", snippet)


def test_open_says_where_there_is_no_desktop(seeds, folder):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = seeds.cli("visualize", "samples", "--dataset", "seeds", "--out", folder / "s.png", "--open", env=environment)
    assert "no desktop" in done.stderr and (folder / "s.png").exists()


@pytest.mark.parametrize(
    "arguments,code,reason",
    [
        (["samples", "--dataset", "weeds"], NOT_FOUND, "weeds"),
        (["samples", "--dataset", "seeds", "--count", 0], BAD_INPUT, "--count"),
        (["samples", "--dataset", "seeds", "--image", "maize/0099.png"], JOB_FAILED, "no image 'maize/0099.png'; did you mean 'maize/0009.png'?"),
        (["samples", "--dataset", "seeds", "--split", "other"], NOT_FOUND, "other"),
        (["samples", "--dataset", "seeds", "--pipeline", "[fliplr: 0.5]"], JOB_FAILED, "belong into augment"),
        (["augment", "--dataset", "seeds"], BAD_INPUT, "--augment"),
        (["augment", "--dataset", "seeds", "--augment", "[fliplrr]"], JOB_FAILED, "fliplrr"),
        (["augment", "--dataset", "seeds", "--augment", "[multiply: [2, 1]]"], JOB_FAILED, "augment[0].multiply"),
        (["augment", "--dataset", "seeds", "--augment", "light", "--count", 60, "--variants", 100, "--size", 256], JOB_FAILED, "the sheet would have"),
        (["background", "--dataset", "seeds", "--pipeline", "[remove_background: {median: 4}]"], JOB_FAILED, "median"),
    ],
)
def test_bad_input_is_refused_with_the_reason(seeds, folder, arguments, code, reason):
    done = seeds.cli("visualize", *arguments, "--out", folder / "none.png", expect=code)
    assert reason in done.stderr
    assert not (folder / "none.png").exists()
