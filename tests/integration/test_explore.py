"""Maps of feature sets and nearest neighbours, with the real programs: what they show, what they find, and what is refused."""

import csv
import io
import shutil

import numpy
import pytest
from PIL import Image
from sklearn.metrics import pairwise_distances

from weights import write_efficientnet_lite0

JOB_FAILED, NOT_FOUND, BAD_INPUT = 1, 4, 5  # docs/cli.md
SIDE = 64


@pytest.fixture(name="seeds")
def make_seeds(service, images, folder):
    """A server with the features seeds-effnet of a dataset of 3 classes of 20 images, and those with height and width, seeds-maps."""
    service.cli("dataset", "add", "seeds", images)
    weights = write_efficientnet_lite0(folder / "lite0.safetensors")
    service.cli("model", "import", "backbone", "--arch", "efficientnet_lite0", "--weights", weights, "--size", SIDE)
    service.cli("extract", "--dataset", "seeds", "--weights", "backbone", "--pool", "avg", "--name", "seeds-effnet")
    service.cli("extract", "--dataset", "seeds", "--weights", "backbone", "--name", "seeds-maps")
    return service


def features_of(service, folder, name="seeds-effnet"):
    """({path: row}, values as rows x values)"""
    service.cli("features", "export", name, "--out", folder / "export.npy")
    with open(folder / "export.csv", newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    values = numpy.load(folder / "export.npy").reshape(len(paths), -1).astype(numpy.float64)
    return {path: row for row, path in enumerate(paths)}, values


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def picture_of(path):
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return numpy.asarray(image)


def test_map_by_tsne(seeds, folder):
    said = seeds.json("visualize", "map", "--features", "seeds-effnet", "--iterations", 250, "--out", folder / "map")
    assert said["images"] == 60 and said["files"] == ["seeds-effnet-map-tsne.csv"]
    picture = picture_of(folder / "map/seeds-effnet-map-tsne.png")
    assert picture.shape == (said["sheet"]["height"], said["sheet"]["width"], 3)
    rows = rows_of(folder / "map/seeds-effnet-map-tsne.csv")
    paths, _ = features_of(seeds, folder)
    assert [row["path"] for row in rows] == list(paths)
    assert all(row["path"].startswith(row["class"] + "/") for row in rows)
    again = seeds.json("visualize", "map", "--features", "seeds-effnet", "--iterations", 250, "--out", folder / "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "map/seeds-effnet-map-tsne.png").read_bytes()
    job = seeds.job(again["job"])
    assert (job["kind"], job["state"]) == ("EXPLORE", "SUCCEEDED")


def test_map_by_components_with_pictures(seeds, folder):
    seeds.json("visualize", "map", "--features", "seeds-maps", "--projection", "pca", "--pictures", "--out", folder / "map")
    paths, values = features_of(seeds, folder, "seeds-maps")
    found = numpy.array([[float(row["x"]), float(row["y"])] for row in rows_of(folder / "map/seeds-maps-map-pca.csv")])
    centred = values - values.mean(axis=0)
    expected = numpy.linalg.svd(centred, full_matrices=False)
    scores = expected.U[:, :2] * expected.S[:2]
    signs = numpy.sign((found * scores).sum(axis=0))
    numpy.testing.assert_allclose(found, scores * signs, atol=1e-4 * abs(scores).max())
    assert picture_of(folder / "map/seeds-maps-map-pca.png").shape[1] > 1600
    assert len(paths) == 60


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_neighbours_of_images_of_the_set(seeds, folder, distance):
    queries = ["maize/0003.png", "Shepherd’s Purse/0007.png"]
    said = seeds.json(
        "visualize", "neighbours", "--features", "seeds-effnet", *queries, "--count", 5, "--distance", distance, "--out", folder / "found"
    )
    paths, values = features_of(seeds, folder)
    names = list(paths)
    distances = pairwise_distances(values, metric=distance)
    numpy.fill_diagonal(distances, numpy.inf)
    for query, found in zip(queries, said["neighbours"], strict=True):
        nearest = numpy.argsort(distances[paths[query]], kind="stable")[:5]
        assert found["name"] == query
        assert [one["path"] for one in found["neighbours"]] == [names[row] for row in nearest]
        assert [one["distance"] for one in found["neighbours"]] == pytest.approx(list(distances[paths[query]][nearest]), rel=1e-6)
    rows = rows_of(folder / "found/seeds-effnet-neighbours.csv")
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5"] * 2
    text = seeds.cli("visualize", "neighbours", "--features", "seeds-effnet", *queries, "--out", folder / "s.png").stdout
    assert "NEIGHBOUR" in text and "s.png: neighbours of 2 images among 60" in text


def test_neighbours_of_files_of_this_machine(seeds, images, folder):
    shutil.copy(images / "maize/0003.png", folder / "mine.png")
    with Image.open(images / "maize/0004.png") as image:
        image.convert("RGB").save(folder / "other.png", compress_level=1)
    (folder / "other.png").write_bytes((folder / "other.png").read_bytes() + b"behind the end")
    arguments = ["visualize", "neighbours", "--features", "seeds-effnet", "--count", 3, "--out", folder / "s.png"]
    said = seeds.json(*arguments, folder / "mine.png", folder / "other.png", "maize/0003.png")
    of_path, mine, other = said["neighbours"]
    assert of_path["name"] == "maize/0003.png" and mine["name"] == str(folder / "mine.png")
    assert mine["neighbours"] == of_path["neighbours"]  # the very file is in the set, and leaves itself out
    assert other["neighbours"][0]["path"] == "maize/0004.png"  # the same picture in another file
    assert other["neighbours"][0].get("distance", 0) == pytest.approx(0, abs=1e-6)


def test_a_deleted_dataset_leaves_dots(seeds, folder):
    seeds.cli("dataset", "rm", "seeds", "--yes")
    seeds.cli("visualize", "map", "--features", "seeds-effnet", "--pictures", "--iterations", 250, "--out", folder / "m.png")
    done = seeds.json("visualize", "neighbours", "--features", "seeds-effnet", "maize/0003.png", "--out", folder / "s.png")
    warnings = [event["message"] for event in seeds.events(done["job"]) if event["type"] == "warning"]
    assert any("dataset has been deleted" in message for message in warnings)
    seeds.cli("model", "rm", "backbone", "--yes")
    shutil.copy(next(seeds.data_root.rglob("seedbed.db")), folder / "strange.png")
    done = seeds.cli("visualize", "neighbours", "--features", "seeds-effnet", folder / "strange.png", expect=None)
    assert done.returncode == NOT_FOUND and "has been deleted" in done.stderr


@pytest.mark.parametrize(
    "arguments,code,reason",
    [
        (["map", "--features", "weeds"], NOT_FOUND, "weeds"),
        (["map", "--features", "seeds-effnet", "--perplexity", 20], JOB_FAILED, "at most 19"),
        (["map", "--features", "seeds-effnet", "--perplexity", 1], BAD_INPUT, "--perplexity"),
        (["map", "--features", "seeds-effnet", "--iterations", 10], BAD_INPUT, "--iterations"),
        (["map", "--features", "seeds-effnet", "--projection", "pca", "--perplexity", 5], BAD_INPUT, "--perplexity"),
        (["neighbours", "--features", "seeds-effnet", "maize/0099.png"], JOB_FAILED, "no image 'maize/0099.png'; did you mean 'maize/0009.png'?"),
        (["neighbours", "--features", "seeds-effnet", "maize/0001.png", "--count", 1001], BAD_INPUT, "--count"),
        (["neighbours", "--features", "seeds-effnet", "{text}"], JOB_FAILED, "text.png"),
    ],
)
def test_bad_input_is_refused_with_the_reason(seeds, folder, arguments, code, reason):
    (folder / "text.png").write_text("no image")
    given = [str(one).format(text=folder / "text.png") for one in arguments]
    done = seeds.cli("visualize", *given, "--out", folder / "none.png", expect=code)
    assert reason in done.stderr
    assert not (folder / "none.png").exists()


def test_few_images_and_one_class(seeds, images, folder):
    for count, expected in ((3, JOB_FAILED), (4, 0)):
        few = folder / f"few{count}" / "only"
        few.mkdir(parents=True)
        for number in range(count):
            shutil.copy(images / f"maize/{number:04}.png", few)
        seeds.cli("dataset", "add", f"few{count}", few.parent)
        seeds.cli("extract", "--dataset", f"few{count}", "--weights", "backbone", "--pool", "avg", "--name", f"few{count}")
        done = seeds.cli("visualize", "map", "--features", f"few{count}", "--out", folder / f"few{count}.png", expect=expected)
        assert expected == 0 or "at least 4 images; there are 3" in done.stderr
