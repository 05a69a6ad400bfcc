"""Trainings that are long enough to be disturbed, and the checks that a disturbance must not break."""

import json
import os
import random
import signal
import threading
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


class Watcher(threading.Thread):
    """A client that watches a job from its first event to its last, over all that happens to the server."""

    def __init__(self, service, job_id):
        super().__init__()
        self._process = service.popen("--output", "json", "job", "watch", job_id)
        self.events = []  # durable ones, in the order in which they came
        self.start()

    def run(self):
        for line in self._process.stdout:
            event = json.loads(line)
            if event.get("seq"):
                self.events.append(event)

    def epochs(self):
        return sum(event["type"] == "epoch" for event in list(self.events))

    def finish(self, timeout=180):
        """All events; fails when the job did not succeed."""
        self.join(timeout)
        stderr = self._process.stderr.read()
        assert self._process.wait(timeout) == 0, stderr
        return self.events


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


def disturb(service, watcher, kill, moments, generator, longest=0.8):
    """Kills at up to `moments` random moments of the watched job; returns how many there were.

    The first may come at any time once the watcher is connected: one that never found a server says so and ends. Later ones come after a
    further epoch was seen, since a job whose worker crashes twice without progress is given up, as it must be.
    """
    done, seen = 0, -1
    while done < moments and watcher.is_alive():
        further = lambda: watcher.events and watcher.epochs() > seen or not watcher.is_alive()
        wait_until(further, 60, lambda: f"no progress after {seen} epochs\n{service.log()}")
        time.sleep(generator.uniform(0, longest))
        seen = watcher.epochs()
        if watcher.is_alive():
            done += kill(service)
    return done
