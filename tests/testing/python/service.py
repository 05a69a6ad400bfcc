"""The real programs under test: a server on free ports and a data root of its own, and the CLI talking to it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

READY = re.compile(r"^seedbedd ready: listen=(\S+) metrics=(\S+) data_root=(.*) pid=(\d+)$", re.MULTILINE)
REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def build_dir():
    return pathlib.Path(os.environ.get("SEEDBED_BUILD_DIR", REPOSITORY / "build/release"))


def program(name):
    path = build_dir() / "bin" / name
    assert path.exists(), f"{path} is missing: ./run build makes it, and SEEDBED_BUILD_DIR names another build folder"
    return path


def clean_environment(**settings):
    """This process's environment without its SEEDBED_* settings, plus `settings`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEEDBED_")}
    return inherited | {f"SEEDBED_{name.upper()}": str(value) for name, value in settings.items()}


def wait_until(condition, seconds=30, message="it did not happen in time"):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, message() if callable(message) else message
        time.sleep(0.02)


def run_cli(*arguments, address=None, expect=0, timeout=120, **options):
    """Runs `seedbed`; fails unless it ends with the exit status `expect` (None: any)."""
    command = [program("seedbed"), *(["--server", address] if address else []), *map(str, arguments)]
    options.setdefault("env", clean_environment())
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False, **options)
    shown = " ".join(map(str, arguments))
    assert expect is None or done.returncode == expect, (
        f"`seedbed {shown}` ended with {done.returncode}, not {expect}\nstdout: {done.stdout}\nstderr: {done.stderr}"
    )
    return done


class Service:
    """seedbedd on `data_root`. Not started by the constructor; may be started again after stop() or kill()."""

    def __init__(self, data_root, *flags, **settings):
        """flags: further command line; settings: configuration by name, such as workers_lease="1s"; run_as: user id, for root only."""
        self.run_as = settings.pop("run_as", None)
        self.data_root = pathlib.Path(data_root)
        self.flags = [str(flag) for flag in flags]
        self.settings = settings
        self.process = None
        self.address = None
        self.metrics_address = None
        self.log_path = self.data_root.parent / f"{self.data_root.name}.log"

    def command(self):
        listen = self.address or "127.0.0.1:0"
        return [program("seedbedd"), "--listen", listen, "--metrics", "127.0.0.1:0", "--data-root", self.data_root, *self.flags]

    def start(self):
        """Starts the server and waits for its ready line. A restart listens where it did before."""
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                list(map(str, self.command())),
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=clean_environment(**self.settings),
                text=True,
                start_new_session=True,
                user=self.run_as,
                group=self.run_as,
                extra_groups=None if self.run_as is None else [],
            )
        for line in self.process.stdout:
            ready = READY.match(line)
            if ready:
                self.address, self.metrics_address = ready[1], ready[2]
                return self
        raise AssertionError(f"seedbedd ended with {self.process.wait()} before it was ready\n{self.log()}")

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout=60):
        """Asks the server to drain and end; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended(timeout)

    def kill(self):
        """kill -9 of the server alone: its workers live on, as after a crash."""
        self.process.kill()
        return self._ended(10)

    def _ended(self, timeout):
        status = self.process.wait(timeout)
        self.process.stdout.close()
        return status

    def close(self):
        """Leaves nothing running, whatever the test did."""
        if self.process is not None and self.alive():
            self.process.kill()
            self._ended(10)
        for pid in self.worker_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def worker_pids(self):
        """Worker processes of this data root, found by their command line or environment, also those of a server that is gone."""
        found = []
        needle = str(self.data_root).encode()
        for folder in pathlib.Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if os.readlink(folder / "exe").endswith("/seedbed-worker"):
                        told = (folder / "cmdline").read_bytes() + b"\0" + (folder / "environ").read_bytes()
                        if needle in told:
                            found.append(int(folder.name))
                except OSError:
                    continue
        return found

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    # The CLI against this server.

    def cli(self, *arguments, expect=0, **options):
        return run_cli(*arguments, address=self.address, expect=expect, **options)

    def json(self, *arguments, **options):
        """The one JSON document that the command prints."""
        return json.loads(self.cli("--output", "json", *arguments, **options).stdout)

    def json_lines(self, *arguments, **options):
        return [json.loads(line) for line in self.cli("--output", "json", *arguments, **options).stdout.splitlines()]

    def popen(self, *arguments, **options):
        """The CLI in the background."""
        options.setdefault("env", clean_environment())
        command = [program("seedbed"), "--server", self.address, *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **options)

    # Steps that many tests take.

    def job(self, job_id):
        return self.json("job", "show", job_id)

    def events(self, job_id):
        """The durable events of a job, waiting for its end."""
        lines = self.json_lines("job", "watch", job_id, expect=None)
        return [line for line in lines if line.get("seq")]

    def wait_for_state(self, job_id, *states, seconds=60):
        return wait_until(
            lambda: (job := self.job(job_id))["state"] in states and job,
            seconds,
            lambda: f"{job_id} is {self.job(job_id)}, not in {states}\n{self.log()}",
        )
