"""Trainings that are long enough to be disturbed, and the checks that a disturbance must not break."""

import os
import random
import signal
import time

from service import wait_until

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")

# Short leases and back-offs, so that a lost worker is noticed and replaced in about a second.
QUICK_RECOVERY = {"workers_lease": "1s", "workers_retry_backoff": "0.1s"}


def prepare(service, images, per_class=4):
    """A dataset `seedlings` with a split `half`."""
    service.cli("dataset", "add", "seedlings", images)
    service.cli("split", "seedlings", "--per-class", per_class, "--name", "half")


def train_spec(model, epochs, **fields):
    spec = {"dataset": "seedlings", "split": "half", "arch": "logistic", "model": model, "epochs": epochs, "checkpoint_interval": "0.2s"}
    return {"train": spec | fields}


def submit(api, spec, **options):
    """Submits a job and returns its id."""
    return api.call("seedbed.v1.JobService/SubmitJob", {"spec": spec, **options})["job"]["id"]


def weights_of(service, model):
    return service.json("model", "show", model)["weights_sha256"]


def check_log(events, epochs):
    """The log of a training that succeeded: numbered 1..n, each epoch once and in order, one terminal event, the last."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["epoch"] for event in events if event["type"] == "epoch"] == list(range(1, epochs + 1))
    states = [event["state"] for event in events if event["type"] == "state"]
    assert states[-1] == "SUCCEEDED" and events[-1]["type"] == "state"
    assert not set(states[:-1]) & set(ENDED)


def seeded_random():
    """Random moments that can be had again: the seed is printed, and taken from SEEDBED_FAULT_SEED when that is set."""
    seed = int(os.environ.get("SEEDBED_FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"SEEDBED_FAULT_SEED={seed}")
    return random.Random(seed)


def wait_for_progress(service, job_id, last_seq, seconds=60):
    """Until the job's log has grown beyond `last_seq` while it runs, or it has ended; returns the job."""

    def progressed():
        job = service.job(job_id)
        running = job["state"] == "RUNNING" and job["last_seq"] > last_seq
        return job if running or job["state"] in ENDED else None

    return wait_until(progressed, seconds, lambda: f"{job_id} makes no progress: {service.job(job_id)}\n{service.log()}")


def kill_worker(service):
    """kill -9 of every worker process of the service; returns how many there were."""
    pids = service.worker_pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)


def kill_server(service):
    """kill -9 of the server, and a new one on the same data root and address."""
    service.kill()
    service.start()
    return 1


def disturb(service, job_id, kill, moments, generator, longest=1.0):
    """Kills at up to `moments` random moments of the job, each after some progress; returns how many there were."""
    done, last_seq = 0, 0
    while done < moments:
        job = wait_for_progress(service, job_id, last_seq)
        if job["state"] in ENDED:
            break
        last_seq = job["last_seq"]
        time.sleep(generator.uniform(0, longest))
        done += kill(service)
    return done
