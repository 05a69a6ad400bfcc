"""kill -9 of the worker at random moments of an extraction, and of a head's training with Adam: what comes out has the same bits."""

import hashlib
import pathlib
import subprocess
import time

import pytest

from api import Api
from campaign import ENDED, QUICK_RECOVERY, Watcher, check_log, disturb, kill_worker, prepare, seeded_random, submit, train_spec, weights_of
from service import program, wait_until
from weights import write_efficientnet_lite0

SIDE = 64
EPOCHS = 40
KILLS_PER_JOB = 4
SEGMENT = 128  # images whose features are kept at a time (core/features/feature_cache.h)


@pytest.fixture(scope="module", name="many_seedlings")
def draw_many_seedlings(tmp_path_factory):
    """Enough images that an extraction lasts."""
    folder = tmp_path_factory.mktemp("images") / "many"
    arguments = ["--classes", 12, "--per-class", 200, "--size", SIDE, "--seed", 5]
    subprocess.run([program("make_seedlings"), folder, *map(str, arguments)], check=True, capture_output=True)
    return folder


def import_backbone(service, folder, seed):
    """Another seed makes other weights, whose features are in no cache yet."""
    weights = write_efficientnet_lite0(folder / f"weights-{seed}.safetensors", seed)
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", weights)


def store_digest(service, name):
    """One digest over all files of a feature set."""
    store = pathlib.Path(service.json("features", "show", name)["path"])
    digest = hashlib.sha256()
    for file in sorted(path for path in store.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(store)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def extract_spec(name):
    return {"extract": {"dataset": "seedlings", "model": "net", "width": SIDE, "height": SIDE, "pool": "POOL_AVG", "features": name}}


def disturb_extraction(service, job_id, moments, generator):
    """Kills at up to `moments` random moments of the extraction; returns how many there were.

    The first may come at any time; later ones come after their attempt has stored a segment, since a job whose worker crashes twice without
    progress is given up, as it must be.
    """
    done = 0

    def ended_or_far_enough():
        job = service.job(job_id)
        progress = job["progress"] or {}
        far = progress.get("done", 0) >= SEGMENT if progress.get("phase") == "extract" else False
        return "ended" if job["state"] in ENDED else job["attempt"] == done + 1 and (far or done == 0)

    while done < moments:
        state = wait_until(ended_or_far_enough, 60, lambda: f"no progress after {done} kills\n{service.log()}")
        time.sleep(generator.uniform(0, 0.5))
        if state == "ended" or service.job(job_id)["state"] in ENDED:
            break
        done += kill_worker(service)
    return done


@pytest.mark.slow
def test_killed_extraction_makes_the_same_features(start_service, folder, many_seedlings, kills):
    generator = seeded_random()
    done, rounds = 0, 0
    while done < kills:
        rounds += 1
        assert rounds <= 4 * kills, "the extractions end before they can be disturbed"
        service = start_service(data_root=folder / f"round{rounds}", **QUICK_RECOVERY)
        service.cli("dataset", "add", "seedlings", many_seedlings)
        import_backbone(service, folder, seed=1)
        with Api(service.address) as api:
            job_id = submit(api, extract_spec("disturbed"))
        done += disturb_extraction(service, job_id, min(KILLS_PER_JOB, kills - done), generator)
        assert service.wait_for_state(job_id, "SUCCEEDED", "FAILED", seconds=180)["state"] == "SUCCEEDED", service.job(job_id)["error"]
        disturbed = store_digest(service, "disturbed")
        service.stop()
    # The undisturbed one computes everything in a data root of its own.
    service = start_service(data_root=folder / "undisturbed", **QUICK_RECOVERY)
    service.cli("dataset", "add", "seedlings", many_seedlings)
    import_backbone(service, folder, seed=1)
    with Api(service.address) as api:
        job_id = submit(api, extract_spec("disturbed"))
    assert service.wait_for_state(job_id, "SUCCEEDED", "FAILED", seconds=180)["state"] == "SUCCEEDED"
    assert service.job(job_id)["attempt"] == 1
    assert store_digest(service, "disturbed") == disturbed
    print(f"{done} kills in {rounds} extractions, all with features {disturbed}")


@pytest.mark.slow
def test_killed_head_training_with_adam_ends_with_the_same_weights(start_service, folder, seedlings, kills):
    service = start_service(**QUICK_RECOVERY)
    prepare(service, seedlings)
    import_backbone(service, folder, seed=1)
    head = ["global_average_pool", {"dense": 64}, "relu", {"dropout": 0.3}, {"dense": "classes"}]
    preprocessing = {"width": SIDE, "height": SIDE}
    fields = {"arch": "", "weights": "net", "head": head, "optimizer": {"name": "adam"}, "preprocessing": preprocessing}
    generator = seeded_random()
    with Api(service.address) as api:
        reference = submit(api, train_spec("undisturbed", EPOCHS, **fields))
    check_log(service.events(reference), EPOCHS)
    expected = weights_of(service, "undisturbed")
    done, trainings = 0, 0
    while done < kills:
        trainings += 1
        assert trainings <= 4 * kills, "the trainings end before they can be disturbed"
        with Api(service.address) as api:
            job_id = submit(api, train_spec(f"disturbed-{trainings}", EPOCHS, **fields))
        watcher = Watcher(service, job_id)
        done += disturb(service, watcher, kill_worker, min(KILLS_PER_JOB, kills - done), generator)
        check_log(watcher.finish(), EPOCHS)
        assert weights_of(service, f"disturbed-{trainings}") == expected
    print(f"{done} kills in {trainings} trainings, all with weights {expected}")
