"""kill -9 of the worker at random moments while it makes a cleaned dataset: what comes out has the same bytes."""

import subprocess
import time

import pytest

from api import Api
from campaign import ENDED, QUICK_RECOVERY, kill_worker, seeded_random, submit
from service import program, wait_until

KILLS_PER_JOB = 5


@pytest.fixture(scope="module", name="large_seedlings")
def draw_large_seedlings(tmp_path_factory):
    """Pictures that take a while to write."""
    folder = tmp_path_factory.mktemp("images") / "large"
    subprocess.run([program("make_seedlings"), folder, *"--classes 4 --per-class 100 --size 300 --seed 5".split()], check=True, capture_output=True)
    return folder


def disturb_cleaning(service, job_id, moments, generator):
    """Kills at up to `moments` random moments; returns how many there were. Each attempt first makes a further picture: a job whose worker
    crashes twice without progress is given up, as it must be."""
    done, seen = 0, -1

    def ended_or_further():
        job = service.job(job_id)
        made = (job["progress"] or {}).get("done", 0)
        return "ended" if job["state"] in ENDED else job["attempt"] == done + 1 and made > seen and str(made)

    while done < moments:
        state = wait_until(ended_or_further, 60, lambda: f"no progress after {done} kills\n{service.log()}")
        time.sleep(generator.uniform(0, 0.3))
        if state == "ended" or service.job(job_id)["state"] in ENDED:
            break
        seen = (service.job(job_id)["progress"] or {}).get("done", 0)
        done += kill_worker(service)
    return done


def manifest_of(service, name):
    return service.json("dataset", "show", name)["manifest_sha256"]


@pytest.mark.slow
def test_killed_cleaning_makes_the_same_dataset(start_service, large_seedlings, kills):
    service = start_service(**QUICK_RECOVERY)
    service.cli("dataset", "add", "seedlings", large_seedlings)
    service.cli("dataset", "clean", "seedlings", "--as", "undisturbed")
    expected = manifest_of(service, "undisturbed")  # with the digest of each picture
    generator = seeded_random()
    done, rounds = 0, 0
    while done < kills:
        rounds += 1
        assert rounds <= 4 * kills, "the jobs end before they can be disturbed"
        with Api(service.address) as api:
            job_id = submit(api, {"clean": {"dataset": "seedlings", "pipeline": ["remove_background"], "output": f"disturbed-{rounds}"}})
        done += disturb_cleaning(service, job_id, min(KILLS_PER_JOB, kills - done), generator)
        assert service.wait_for_state(job_id, "SUCCEEDED", "FAILED", seconds=180)["state"] == "SUCCEEDED", service.job(job_id)["error"]
        assert manifest_of(service, f"disturbed-{rounds}") == expected
    print(f"{done} kills in {rounds} jobs, all with manifest {expected}")
