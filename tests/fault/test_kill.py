"""kill -9 of worker and server at random moments of trainings: nothing may show in what comes out."""

import json

import pytest

from api import Api
from campaign import QUICK_RECOVERY, check_log, disturb, kill_server, kill_worker, prepare, seeded_random, submit, train_spec, weights_of

EPOCHS = 40
KILLS_PER_TRAINING = 4


def watched(service, job_id):
    """A client that watches from the first event to the last, over all that happens to the server."""
    return service.popen("--output", "json", "job", "watch", job_id)


def durable_events(watcher):
    stdout, stderr = watcher.communicate(timeout=180)
    assert watcher.returncode == 0, stderr
    return [event for event in map(json.loads, stdout.splitlines()) if event.get("seq")]


@pytest.mark.slow
@pytest.mark.parametrize("kill", [kill_worker, kill_server], ids=["worker", "server"])
def test_killed_training_ends_as_if_undisturbed(start_service, seedlings, kills, kill):
    service = start_service(**QUICK_RECOVERY)
    prepare(service, seedlings)
    generator = seeded_random()
    with Api(service.address) as api:
        reference = submit(api, train_spec("undisturbed", EPOCHS))
    check_log(service.events(reference), EPOCHS)
    expected = weights_of(service, "undisturbed")

    done, trainings = 0, 0
    while done < kills:
        trainings += 1
        assert trainings <= 4 * kills, "the trainings end before they can be disturbed"
        with Api(service.address) as api:
            job_id = submit(api, train_spec(f"disturbed-{trainings}", EPOCHS))
        watcher = watched(service, job_id)
        done += disturb(service, job_id, kill, min(KILLS_PER_TRAINING, kills - done), generator)
        events = durable_events(watcher)
        check_log(events, EPOCHS)
        assert events == service.events(job_id), "who watched live and who reads later see the same log"
        assert weights_of(service, f"disturbed-{trainings}") == expected
    print(f"{done} kills in {trainings} trainings, all with weights {expected}")
