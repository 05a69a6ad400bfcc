"""What `./run bench` measures of frozen backbones, through the real service. Measures yield results as in measures.py."""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading

from foreign_weights import write_vgg16_h5
from service import clean_environment, wait_until

HERE = pathlib.Path(__file__).resolve().parent
EPOCHS = 10
PEER_EPOCHS = 2  # the others would take as long


def photographs(context):
    """The photographs themselves, where there are some: 480 of them."""
    sample = pathlib.Path(os.environ.get("SEEDBED_SAMPLE_DIR", ""))
    return sample if sample.name and sample.is_dir() else context.image_set()


def import_vgg16(context, service):
    """With random weights, which cost as much as real ones."""
    weights = context.folder / "vgg16.h5"
    if not weights.exists():
        write_vgg16_h5(weights)
    service.cli("model", "import", "vgg16", "--arch", "vgg16", "--weights", weights, env=clean_environment(python=sys.executable), timeout=600)


def prepare(context, images):
    """A server with the images decoded at 150x150, and VGG16."""
    service = context.service("--devices", "cpu")
    wait_until(lambda: [worker["state"] for worker in service.json("worker", "ls")["workers"]] == ["IDLE"])
    import_vgg16(context, service)
    service.cli("dataset", "add", "photos", images)
    decode = ["--dataset", "photos", "--arch", "logistic", "--epochs", 1, "--size", 150, "--interpolation", "bilinear", "--model", "decoded"]
    service.cli("train", *decode)
    return service


def running_seconds(service, job_id):
    from measures import seconds_between

    job = service.job(job_id)
    assert job["state"] == "SUCCEEDED", job["error"]
    return seconds_between(job["start_time"], job["end_time"])


def last_job(service, kind):
    return service.json("job", "ls", "--kind", kind, "--limit", 1)["jobs"][0]["id"]


def train_head(service, model):
    arguments = ["--dataset", "photos", "--weights", "vgg16", "--size", 150, "--epochs", EPOCHS, "--optimizer", "adam", "--model", model]
    service.cli("train", *arguments, timeout=1200)
    return running_seconds(service, last_job(service, "train"))


def frozen_epochs(context):
    """Ten epochs of a Dense layer on frozen VGG16: against one pass of the backbone, and against Keras."""
    images = photographs(context)
    ten, one = [], []
    for _ in range(2):
        service = prepare(context, images)
        try:
            ten.append(train_head(service, "first"))
            again = train_head(service, "second")
        finally:
            service.close()
        service = prepare(context, images)
        try:
            service.cli("extract", "--dataset", "photos", "--weights", "vgg16", "--size", 150, "--name", "pass", timeout=1200)
            one.append(running_seconds(service, last_job(service, "extract")))
        finally:
            service.close()
    command = [sys.executable, HERE / "peers/frozen_vgg16_peer.py", "--images", images, "--epochs", str(PEER_EPOCHS)]
    keras = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    ours = statistics.median(ten)
    theirs = EPOCHS * statistics.median(keras["epochs"])
    yield {"name": f"VGG16 frozen, {EPOCHS} epochs, {keras['images']} images", "value": ours, "unit": "s", "note": "whole job"}
    yield {"name": "VGG16, one pass, stored as features", "value": statistics.median(one), "unit": "s", "note": "whole job"}
    yield {"name": f"{EPOCHS} frozen epochs : one pass", "value": ours / statistics.median(one), "unit": "", "at_most": 1.15}
    yield {"name": f"a second job, {EPOCHS} epochs", "value": again, "unit": "s", "at_most": 5, "note": "features found in the cache"}
    note = f"from {PEER_EPOCHS} epochs"
    yield {"name": f"Keras, VGG16 frozen, {EPOCHS} epochs", "value": theirs, "unit": "s", "note": note}
    yield {"name": f"Keras : ours, {EPOCHS} frozen epochs", "value": theirs / ours, "unit": "times", "at_least": 8}


class AnonymousMemory(threading.Thread):
    """Watches how much memory of its own, mapped files left out, a process has."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self._status = pathlib.Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self.peak_mib = 0

    def run(self):
        while not self._ended.wait(0.02):
            kib = int(re.search(r"RssAnon:\s+(\d+) kB", self._status.read_text())[1])
            self.peak_mib = max(self.peak_mib, kib / 1024)

    def stop(self):
        self._ended.set()
        self.join()


def extraction_peak(context, images):
    """(images, MiB): the most that a fresh worker has while it extracts features of VGG16 at 64x64."""
    service = context.service("--devices", "cpu")
    try:
        import_vgg16(context, service)
        service.cli("dataset", "add", "photos", images, timeout=600)
        service.stop()  # indexing and extraction would share a worker, whose memory stays as large as it was once
        service.start()
        wait_until(service.worker_pids)
        memory = AnonymousMemory(service.worker_pids()[0])
        memory.start()
        extract = ["--dataset", "photos", "--weights", "vgg16", "--size", 64, "--pool", "avg", "--name", "pass"]
        service.cli("extract", *extract, timeout=1200)
        memory.stop()
        return int(service.json("features", "show", "pass")["rows"]), memory.peak_mib
    finally:
        service.close()


def extraction_memory(context):
    """Does memory grow with the number of images? Blocks of scratch memory leave gaps of some 30 MiB in the heap, in some runs sooner than in
    others; pixels and features of ten times as many images would be 60 MiB."""
    (few, small), (many, large) = extraction_peak(context, photographs(context)), extraction_peak(context, context.image_set())
    yield {"name": f"extraction of {few} images: worker's own memory", "value": small, "unit": "MiB", "note": "peak"}
    yield {"name": f"extraction of {many} images: worker's own memory", "value": large, "unit": "MiB", "note": "peak"}
    yield {"name": "the latter : the former", "value": large / small, "unit": "times", "at_most": 1.1}


ALL = {"frozen_epochs": frozen_epochs, "extraction_memory": extraction_memory}
