"""How server and workers live, end and come back."""

import os
import pathlib
import signal
import subprocess
import time

from api import Api
from campaign import QUICK_RECOVERY, check_log, submit, train_spec
from service import clean_environment, program, run_cli, wait_until

LONG = 100_000


def prepared(service, images):
    service.cli("dataset", "add", "seedlings", images)
    service.cli("split", "seedlings", "--per-class", 4, "--name", "half")


def start_training(service, model="m", epochs=LONG):
    with Api(service.address) as api:
        return submit(api, train_spec(model, epochs, preprocessing={"width": 64, "height": 64}))


def test_status_of_a_fresh_server(service):
    status = service.json("status")
    assert status["data_root"] == str(service.data_root) and status["listen_address"] == service.address
    assert not status["draining"]
    wait_until(lambda: [worker["state"] for worker in service.json("worker", "ls")["workers"]] == ["IDLE"])
    assert "jobs-cpu" in service.cli("worker", "ls").stdout


def test_no_library_of_the_worker_is_in_the_server(service):
    maps = pathlib.Path(f"/proc/{service.process.pid}/maps").read_text()
    assert "libtorch" not in maps and "libopencv" not in maps


def test_sigterm_drains_and_the_next_server_goes_on(start_service, images):
    service = start_service(**QUICK_RECOVERY)
    prepared(service, images)
    job_id = start_training(service, epochs=400)
    wait_until(lambda: service.job(job_id)["last_seq"] > 10)
    assert service.stop() == 0
    assert service.worker_pids() == [], "a drained server leaves no worker behind"
    service.start()
    check_log(service.events(job_id), 400)
    reference = start_training(service, "undisturbed", epochs=400)
    check_log(service.events(reference), 400)
    shas = {service.json("model", "show", model)["weights_sha256"] for model in ("m", "undisturbed")}
    assert len(shas) == 1


def test_a_second_server_on_the_same_data_root_is_refused(service):
    second = subprocess.run(
        [program("seedbedd"), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--data-root", service.data_root],
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(),
        check=False,
    )
    assert second.returncode != 0
    assert str(service.data_root) in second.stderr and str(service.process.pid) in second.stderr
    assert service.cli("status").returncode == 0


def test_a_killed_worker_is_replaced_and_its_job_goes_on(start_service, images):
    service = start_service(**QUICK_RECOVERY)
    prepared(service, images)
    job_id = start_training(service)
    wait_until(lambda: service.job(job_id)["last_seq"] > 10)
    (pid,) = service.worker_pids()
    os.kill(pid, signal.SIGKILL)
    job = wait_until(lambda: (job := service.job(job_id))["attempt"] == 2 and job["state"] == "RUNNING" and job)
    assert job["error"] is None
    service.cli("job", "cancel", job_id)
    back = [event for event in service.events(job_id) if event.get("state") == "PENDING"]
    assert any(event["reason"] == "WORKER_CRASHED" and "SIGKILL" in event["message"] for event in back)
    (worker,) = service.json("worker", "ls")["workers"]
    assert worker["restarts"] == 1 and "9" in worker["last_exit"]


def test_a_killed_server_finds_its_jobs_again(start_service, images):
    service = start_service(**QUICK_RECOVERY)
    prepared(service, images)
    with Api(service.address) as api:
        running = submit(api, train_spec("running", 300))
        waiting = submit(api, train_spec("waiting", 2) | {"depends_on": [running]})
    service.wait_for_state(running, "RUNNING")
    service.kill()
    service.start()
    assert "jobs: " in service.log() and " ended" in service.log()
    check_log(service.events(running), 300)
    check_log(service.events(waiting), 2)


def test_a_stopped_worker_loses_its_job_and_gets_no_second_life(start_service, images):
    """SIGSTOP for longer than the lease: the job goes to a new worker, and what the old one says afterwards counts for nothing."""
    service = start_service(**QUICK_RECOVERY)
    prepared(service, images)
    job_id = start_training(service, epochs=3000)
    wait_until(lambda: service.job(job_id)["last_seq"] > 10)
    (pid,) = service.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(3)
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass  # the supervisor has ended it: as good
    events = service.events(job_id)
    check_log(events, 3000)
    assert max(event.get("attempt", 0) for event in events) >= 2


def test_without_a_server_the_cli_says_how_to_start_one():
    done = run_cli("status", address="127.0.0.1:1", expect=3)
    assert "127.0.0.1:1" in done.stderr and "seedbed serve" in done.stderr


def test_wrong_usage_is_two():
    run_cli("no-such-command", expect=2)
    run_cli("split", expect=2)
    run_cli("train", "--epochs", "many", "--model", "m", expect=2)


def test_an_unknown_setting_is_refused(folder):
    config = folder / "seedbedd.yaml"
    config.write_text("lissten: 127.0.0.1:0\n")
    done = subprocess.run([program("seedbedd"), "--config", config], capture_output=True, text=True, timeout=20, env=clean_environment(), check=False)
    assert done.returncode == 5 and "lissten" in done.stderr and "listen" in done.stderr


def test_doctor_finds_nothing_on_a_healthy_machine(service):
    done = service.cli("doctor", expect=None)
    assert done.returncode in (0, 1), done.stderr
    assert "worker" in done.stdout.lower() and "disk" in done.stdout.lower()
