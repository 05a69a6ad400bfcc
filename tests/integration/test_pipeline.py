"""Pipelines and augmentation through the whole service: what is trained with them, what comes out again, and what is refused."""

import pytest

from api import Api
from campaign import QUICK_RECOVERY, Watcher, check_log, kill_worker, prepare, submit, train_spec, weights_of
from images import write_dataset
from service import wait_until

JOB_FAILED, WRONG_USAGE, BAD_INPUT = 1, 2, 5  # docs/cli.md
DRAWN = "[fliplr: 0.5, multiply: [0.5, 1.5], crop: [0, 0.2]]"
AUGMENT = [{"fliplr": 0.5}, {"multiply": [0.5, 1.5]}, {"crop": [0, 0.2]}]
SMALL = {"preprocessing": {"width": 16, "height": 16}}


@pytest.fixture(name="seeds")
def make_seeds(service, images):
    prepare(service, images)
    return service


def train(service, *options, expect=0, model="m", epochs=4):
    network = ["--arch", "logistic"] if "--weights" not in options else []
    arguments = ["--dataset", "seedlings", "--split", "half", *network, "--size", 16, "--epochs", epochs, "--model", model]
    return service.cli("train", *arguments, *options, expect=expect)


def last_metrics(service):
    job_id = service.json("job", "ls", "--kind", "train", "--limit", 1)["jobs"][0]["id"]
    return [event for event in service.events(job_id) if event["type"] == "epoch"][-1]


def test_evaluation_has_the_pipeline_of_the_training(seeds):
    train(seeds, "--pipeline", "{multiply: 0.3}", "--augment", DRAWN)
    trained = last_metrics(seeds)
    evaluated = seeds.json("evaluate", "m", "--dataset", "seedlings", "--split", "half")
    assert evaluated["loss"] == pytest.approx(trained["val_loss"], rel=1e-4)
    assert evaluated["accuracy"] == pytest.approx(trained["val_accuracy"])
    shown = seeds.json("model", "show", "m")
    assert shown["preprocessing"]["pipeline"] == [{"multiply": {"mul": 0.3, "per_channel": 0}}]
    train(seeds, model="plain")
    plain = seeds.json("evaluate", "plain", "--dataset", "seedlings", "--split", "half")
    assert plain["loss"] != pytest.approx(evaluated["loss"], abs=1e-3), "a pipeline that changes nothing proves nothing"


def test_background_removal_is_such_a_step(seeds):
    train(seeds, "--pipeline", "remove_background")
    trained = last_metrics(seeds)
    evaluated = seeds.json("evaluate", "m", "--dataset", "seedlings", "--split", "half")
    assert evaluated["loss"] == pytest.approx(trained["val_loss"], rel=1e-4)
    assert "remove_background" in str(seeds.json("model", "show", "m")["preprocessing"]["pipeline"])


def test_recipe_says_what_the_flags_say(seeds, folder):
    (folder / "recipe.yaml").write_text(
        "dataset: seedlings\nsplit: half\narch: logistic\nsize: 16\nepochs: 4\npipeline: {multiply: 0.3}\n"
        "augment:\n  - {fliplr: 0.5}\n  - multiply: [0.5, 1.5]\n  - crop: [0, 0.2]\n"
    )
    seeds.cli("train", "-f", folder / "recipe.yaml", "--model", "recipe")
    train(seeds, "--pipeline", "{multiply: 0.3}", "--augment", DRAWN, model="flags")
    assert weights_of(seeds, "recipe") == weights_of(seeds, "flags")
    plan = seeds.json("train", "-f", folder / "recipe.yaml", "--dry-run")["configuration"]
    assert plan["augment"] == {"value": "[fliplr: 0.5, multiply: [0.5, 1.5], crop: [0, 0.2]]", "origin": "recipe.yaml:7"}
    assert plan["pipeline"]["value"] == "[multiply: 0.3]"


def test_threads_do_not_show(seeds):
    with Api(seeds.address) as api:
        for threads in (1, 2):
            job_id = submit(api, train_spec(f"t{threads}", 3, augment=AUGMENT, threads=threads, **SMALL))
            assert seeds.wait_for_state(job_id, "SUCCEEDED", "FAILED")["state"] == "SUCCEEDED"
    assert weights_of(seeds, "t1") == weights_of(seeds, "t2")


def test_killed_training_goes_on_with_the_same_pictures(start_service, folder):
    service = start_service(**QUICK_RECOVERY)
    prepare(service, write_dataset(folder / "images", per_class=100, size=96))
    epochs = 60
    spec = {"augment": AUGMENT, "preprocessing": {"width": 96, "height": 96}}
    with Api(service.address) as api:
        check_log(service.events(submit(api, train_spec("undisturbed", epochs, **spec))), epochs)
        job_id = submit(api, train_spec("killed", epochs, **spec))
    watcher = Watcher(service, job_id)
    wait_until(lambda: watcher.epochs() > 1, 60)
    assert kill_worker(service) > 0
    check_log(watcher.finish(), epochs)
    assert service.job(job_id)["attempt"] > 1, "the training ended before it was disturbed"
    assert weights_of(service, "killed") == weights_of(service, "undisturbed")


def test_views_of_a_frozen_network_are_kept(seeds):
    with Api(seeds.address) as api:
        network = {"dataset": "seedlings", "split": "half", "arch": "resnet18", "epochs": 1, "model": "base", "preprocessing": {"width": 32, "height": 32}}
        results = []
        for spec in (
            network,
            {"dataset": "seedlings", "split": "half", "weights": "base", "epochs": 2, "model": "anew", "augment": AUGMENT},
            {"dataset": "seedlings", "split": "half", "weights": "base", "epochs": 2, "model": "two", "augment": AUGMENT, "augment_views": 2},
            {"dataset": "seedlings", "split": "half", "weights": "base", "epochs": 4, "model": "again", "augment": AUGMENT, "augment_views": 2},
        ):
            job = seeds.wait_for_state(submit(api, {"train": spec}), "SUCCEEDED", "FAILED", seconds=300)
            assert job["state"] == "SUCCEEDED", job
            results.append(job["result"]["train"])
    _, anew, two, again = results
    assert anew["weights_sha256"] == two["weights_sha256"], "view v is what epoch v would have seen"
    assert (two["backbone_images"], two["cached_images"]) == (2 * 48, 12)
    assert (again["backbone_images"], again["cached_images"]) == (0, 2 * 48 + 12)


@pytest.mark.parametrize(
    "options, code, says",
    [
        (["--augment", "[fliplr: 0.5, flipr]"], JOB_FAILED, ["augment[1]", "'flipr'", "fliplr"]),
        (["--augment", "{fliplr: 1.5}"], JOB_FAILED, ["augment[0].fliplr.p is 1.5", "between 0 and 1"]),
        (["--augment", "{multiply: [1.5, 0.5]}"], JOB_FAILED, ["augment[0].multiply.mul runs from 1.5 to 0.5"]),
        (["--augment", "{fliplr: {q: 1}}"], JOB_FAILED, ["augment[0].fliplr.q is not known"]),
        (["--pipeline", "{fliplr: 0.5}"], JOB_FAILED, ["pipeline has the step 'fliplr'", "belong into augment"]),
        (["--augment", "[3]"], BAD_INPUT, ["--augment has an item that is neither a step's name nor {name: settings}: number 1"]),
        (["--augment", "3"], WRONG_USAGE, ["--augment: expected a step or a list of steps"]),
        (["--augment-views", "3"], BAD_INPUT, ["--augment-views needs augment"]),
        (["--augment", "fliplr", "--augment-views", "2000"], BAD_INPUT, ["--augment-views is 2000, it must be 0 to 1000"]),
        (["--augment", "fliplr", "--augment-views", "2"], JOB_FAILED, ["augment_views needs layers that are not trained"]),
    ],
)
def test_what_is_wrong_is_named(seeds, options, code, says):
    done = train(seeds, *options, expect=code)
    for text in says:
        assert text in done.stdout + done.stderr
    if code == JOB_FAILED:
        job = seeds.json("job", "ls", "--limit", 1)["jobs"][0]
        assert job["state"] == "FAILED" and job["attempt"] == 1, "what can only fail again is not tried again"
    assert seeds.alive()


def test_features_are_fixed(seeds):
    done = seeds.cli("train", "--features", "f", "--augment", "fliplr", expect=BAD_INPUT)
    assert "--augment does not go with features" in done.stdout + done.stderr
