"""What `./run bench` measures of heads on stored features. It yields results as in measures.py."""

import json
import pathlib
import subprocess
import sys

from service import program

HERE = pathlib.Path(__file__).resolve().parent
THREADS = 2


def training(_):
    """Samples a second of the trainer on 1,280 features and 12 classes, in batches of 32, beside PyTorch's loop."""
    command = [program("train_bench"), f"--benchmark_filter=^HeadTraining/.*/{THREADS}/", "--benchmark_repetitions=5",
               "--benchmark_report_aggregates_only=true", "--benchmark_format=json"]
    runs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"]
    ours = {run["name"].split("/")[1]: run["items_per_second"] for run in runs if run["aggregate_name"] == "median"}
    peer = [sys.executable, HERE / "peers/head_peers.py"]
    theirs = json.loads(subprocess.run(peer, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    for name, rate in ours.items():
        yield {"name": f"head from 1280 features, {name}", "value": rate, "unit": "samples/s", "at_least": 100_000, "note": "with the trainer"}
        yield {"name": f"PyTorch, the same head, {name}", "value": theirs[name], "unit": "samples/s"}
        yield {"name": f"ours : PyTorch, head, {name}", "value": rate / theirs[name], "unit": "times"}
