"""What the server promises about jobs: order, repetition, cancelling, watching."""

import signal
import time

import grpc
import pytest

from api import Api
from campaign import submit, train_spec
from service import wait_until


@pytest.fixture
def prepared(service, images):
    service.cli("dataset", "add", "seedlings", images)
    service.cli("split", "seedlings", "--per-class", 4, "--name", "half")
    return service


def small(model, epochs=3, **fields):
    return train_spec(model, epochs, preprocessing={"width": 16, "height": 16}, **fields)


LONG = 100_000  # epochs nobody waits for


def test_a_watch_resumes_where_it_was_told_to(prepared, api):
    job_id = submit(api, small("m"))
    everything = prepared.events(job_id)
    tail = prepared.json_lines("job", "watch", job_id, "--after-seq", 3)
    assert [line for line in tail if line.get("seq")] == everything[3:]


def test_an_interrupted_watch_leaves_the_job_alone_and_says_how_to_come_back(prepared, api):
    job_id = submit(api, small("m", LONG))
    prepared.wait_for_state(job_id, "RUNNING")
    watcher = prepared.popen("job", "watch", job_id)
    wait_until(lambda: watcher.poll() is None and prepared.job(job_id)["last_seq"] > 3)
    time.sleep(0.3)
    watcher.send_signal(signal.SIGINT)
    stdout, stderr = watcher.communicate(timeout=10)
    assert watcher.returncode == 130
    assert f"job watch {job_id}" in stdout + stderr
    assert prepared.job(job_id)["state"] == "RUNNING"
    prepared.cli("job", "cancel", job_id)


def test_cancel_takes_effect_within_a_batch_and_keeps_the_best_checkpoint(prepared, api):
    job_id = submit(api, small("m", LONG))
    wait_until(lambda: prepared.job(job_id)["last_seq"] > 5)
    begin = time.monotonic()
    prepared.cli("job", "cancel", job_id)
    job = prepared.wait_for_state(job_id, "CANCELLED", seconds=10)
    assert time.monotonic() - begin < 5
    assert job["error"]["reason"] == "CANCELLED_BY_USER"
    names = [artifact["name"] for artifact in prepared.json("job", "artifacts", job_id)["artifacts"]]
    assert "best/model.safetensors" in names
    assert prepared.cli("job", "watch", job_id, expect=None).returncode == 1
    prepared.cli("job", "cancel", job_id)  # cancelling what has ended is no error


def test_a_chain_runs_in_order(service, api, images):
    index = submit(api, {"index": {"dataset": "seedlings", "root": str(images)}})
    split = submit(api, {"split": {"dataset": "seedlings", "name": "half", "per_class": 4}, "depends_on": [index]})
    train = submit(api, small("m") | {"depends_on": [split]})
    evaluate = submit(
        api, {"evaluate": {"model": "m", "dataset": "seedlings", "split": "half", "subset": "validation"}, "depends_on": [train]}
    )
    service.wait_for_state(evaluate, "SUCCEEDED")
    times = [service.job(job)["end_time"] for job in (index, split, train, evaluate)]
    assert times == sorted(times)


def test_a_failed_dependency_cancels_what_waits_for_it(service, api, folder):
    (folder / "empty").mkdir()
    index = submit(api, {"index": {"dataset": "seedlings", "root": str(folder / "empty")}})
    split = submit(api, {"split": {"dataset": "seedlings", "per_class": 4}, "depends_on": [index]})
    assert service.wait_for_state(index, "FAILED", "SUCCEEDED")["state"] == "FAILED"
    job = service.wait_for_state(split, "CANCELLED")
    assert job["error"]["reason"] == "DEPENDENCY_FAILED" and index in job["error"]["message"]


def test_the_same_request_id_is_the_same_job(prepared, api):
    first = submit(api, small("m"), request_id="order-66")
    assert submit(api, small("m"), request_id="order-66") == first
    with pytest.raises(grpc.RpcError) as error:
        submit(api, small("other"), request_id="order-66")
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS


def test_priority_goes_before_age(start_service, images):
    service = start_service()
    service.cli("dataset", "add", "seedlings", images)
    service.cli("split", "seedlings", "--per-class", 4, "--name", "half")
    with Api(service.address) as api:
        busy = submit(api, small("busy", LONG))
        service.wait_for_state(busy, "RUNNING")
        later = submit(api, small("later"))
        sooner = submit(api, small("sooner") | {"priority": 10})
        service.cli("job", "cancel", busy)
        service.wait_for_state(later, "SUCCEEDED")
        assert service.job(sooner)["end_time"] < service.job(later)["start_time"]


def test_duplicates_stay_on_one_side(service, images):
    for number in range(6):
        (images / "maize" / f"copy{number}.png").write_bytes((images / "maize/0000.png").read_bytes())
    service.cli("dataset", "add", "seeds", images)
    assert service.json("dataset", "show", "seeds")["duplicate_groups"] == 1
    service.cli("split", "seeds", "--fraction", "0.3")
    table = (service.data_root / "splits/seeds/default.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    sides = [row[1] for row in rows if row[2].startswith("maize/copy") or row[2] == "maize/0000.png"]
    assert len(sides) == 7 and len(set(sides)) == 1


def test_a_job_that_runs_too_long_fails(prepared, api):
    job_id = submit(api, small("m", LONG) | {"timeout": "1s"})
    job = prepared.wait_for_state(job_id, "FAILED", seconds=20)
    assert job["error"]["reason"] == "TIMEOUT"


def test_lists_page_and_filter(service, api, images):
    for number in range(5):
        service.cli("dataset", "add", f"d{number}", images)
    first = api.call("seedbed.v1.JobService/ListJobs", {"page": {"page_size": 2}})
    assert len(first["jobs"]) == 2
    second = api.call("seedbed.v1.JobService/ListJobs", {"page": {"page_size": 10, "page_token": first["next_page_token"]}})
    assert len({job["id"] for job in first["jobs"] + second["jobs"]}) == 5 and "next_page_token" not in second
    none = api.call("seedbed.v1.JobService/ListJobs", {"states": ["JOB_STATE_RUNNING"]})
    assert "jobs" not in none
