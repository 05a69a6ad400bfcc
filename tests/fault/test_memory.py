"""Memory that runs out: the job ends with the sizes and what to do, and nobody else notices."""

import pathlib
import re
import resource

from api import Api
from campaign import prepare, submit, train_spec
from service import wait_until

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
# Far more than a training at 32x32 needs, and less than the weights of 3 classes at 2048x2048 take (151 MB).
HEADROOM = 64 << 20


def address_space(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmSize:\s+(\d+) kB", status)[1]) << 10


def train(service, model, side):
    with Api(service.address) as api:
        job_id = submit(api, train_spec(model, epochs=2, preprocessing={"width": side, "height": side}))
    return service.wait_for_state(job_id, "SUCCEEDED", "FAILED", "CANCELLED", seconds=120)


def test_a_job_that_needs_more_than_there_is_ends_and_the_next_one_runs(service, images):
    prepare(service, images)
    assert train(service, "before", 32)["state"] == "SUCCEEDED"
    (pid,) = wait_until(service.worker_pids)
    server = service.process.pid
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + HEADROOM, resource.RLIM_INFINITY))
    job = train(service, "huge", 2048)
    assert job["state"] == "FAILED" and job["error"]["reason"] == "OUT_OF_MEMORY", job
    assert re.search(r"\d+\.\d [MG]iB", job["error"]["message"]) and "smaller" in job["error"]["message"], job

    for worker in service.worker_pids():
        resource.prlimit(worker, resource.RLIMIT_AS, UNLIMITED)
    assert train(service, "after", 32)["state"] == "SUCCEEDED"
    assert service.alive() and service.process.pid == server
