"""kill -9 of worker and server at random moments of trainings: nothing may show in what comes out."""

import pytest

from api import Api
from campaign import QUICK_RECOVERY, Watcher, check_log, disturb, kill_server, kill_worker, prepare, seeded_random, submit, train_spec, weights_of

EPOCHS = 40
KILLS_PER_TRAINING = 4


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
        watcher = Watcher(service, job_id)
        done += disturb(service, watcher, kill, min(KILLS_PER_TRAINING, kills - done), generator)
        events = watcher.finish()
        check_log(events, EPOCHS)
        assert events == service.events(job_id), "who watched live and who reads later see the same log"
        assert weights_of(service, f"disturbed-{trainings}") == expected
    print(f"{done} kills in {trainings} trainings, all with weights {expected}")
