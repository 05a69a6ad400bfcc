"""The forward pass of frozen networks beside PyTorch, Keras, ONNX Runtime and OpenVINO: all of them run at the same time, one batch each in
turn, so that whatever else the machine does hits them alike."""

import os
import pathlib
import statistics
import subprocess
import sys

from service import program

HERE = pathlib.Path(__file__).resolve().parent
SIDE, BATCH, THREADS = 150, 32, 2
PEERS = ("torch", "keras", "onnx", "openvino")
# The largest difference from a peer, as a share of the largest value.
TOLERANCE = 1e-4


class Contestant:
    """A program that runs one batch for each line it is sent, and says how long that took."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seconds = []
        self.page_faults = []
        first = self.process.stdout.readline().split()
        if first[:1] != ["ready"]:
            raise RuntimeError(f"{command} did not start")
        self.name = first[-1]

    def run_batch(self, counts):
        """`counts`: not so the first, in which everybody prepares something."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        numbers = self.process.stdout.readline().split()
        if counts:
            self.seconds.append(float(numbers[0]))
            self.page_faults.extend(map(int, numbers[1:]))

    def rate(self, examples=BATCH):
        return examples / statistics.median(self.seconds)

    def finish(self):
        """What it says at the end: nothing, or how far it is from us."""
        rest, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args} failed")
        return float(rest) if rest.strip() else None


def race(folder, arch, backend, peers, repeats):
    """{"ours" or a peer's name: Contestant}, finished."""
    folder.mkdir()
    python = os.environ.get("SEEDBED_PEERS_PYTHON", sys.executable)
    contestants = {"ours": Contestant([program("network_bench"), folder, arch, SIDE, BATCH, THREADS, backend])}
    for peer in peers:
        command = [python, HERE / "peers/network_peers.py", "--folder", folder, "--threads", THREADS, "--peer", peer]
        contestants[peer] = Contestant(command)
    for turn in range(repeats + 1):
        for contestant in contestants.values():
            contestant.run_batch(counts=turn > 0)
    contestants["ours"].finish()
    for peer in peers:
        distance = contestants[peer].finish()
        if distance > TOLERANCE:
            raise RuntimeError(f"{arch}: {peer} computes something else: {distance} of the largest value")
    return contestants


def forward_of(folder, arch, repeats, targets):
    """`targets`: [(what, peers, at least)]: our rate as a multiple of the best of those peers."""
    contestants = race(folder / arch, arch, "auto", PEERS, repeats)
    ours = contestants["ours"]
    for name, contestant in contestants.items():
        label = f"{arch} forward, {ours.name if name == 'ours' else name}"
        note = f"{statistics.median(ours.page_faults):.0f} page faults a batch" if name == "ours" else ""
        yield {"name": label, "value": contestant.rate(), "unit": "images/s", "note": note}
    for what, peers, at_least in targets:
        best = max(contestants[peer].rate() for peer in peers)
        yield {"name": f"{arch} forward, ours : {what}", "value": ours.rate() / best, "unit": "times", "at_least": at_least}


def forward(context):
    """Batches of 32 at 150x150 on two threads, networks without their tops."""
    yield from forward_of(context.folder, "vgg16", 5, [("the best of PyTorch, Keras and ONNX Runtime", ("torch", "keras", "onnx"), 1)])
    targets = [("PyTorch", ("torch",), 3.5), ("the better of ONNX Runtime and OpenVINO", ("onnx", "openvino"), 0.95)]
    yield from forward_of(context.folder, "efficientnet_lite0", 15, targets)
    yield from forward_of(context.folder, "resnet50", 5, [("the better of ONNX Runtime and OpenVINO", ("onnx", "openvino"), 0.95)])
