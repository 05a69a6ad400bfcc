"""What `./run bench` measures. Each measure yields results: {name, value, unit[, at_least | at_most][, note]}."""

import asyncio
import dataclasses
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import grpc
import numpy
from PIL import Image

import heads
import networks
from api import Api
from service import REPOSITORY, Service, program, wait_until

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = 12
PER_CLASS = 12  # images of each class for validation
REPEATS = 15
CODEC_THREADS = 2


@dataclasses.dataclass
class Context:
    folder: pathlib.Path
    images: int
    epochs: int
    _set: pathlib.Path | None = None
    _services: int = 0

    def service(self, *flags, **settings):
        """A running server on a new data root; the caller closes it."""
        self._services += 1
        return Service(self.folder / f"d{self._services}", *flags, **settings).start()

    def image_set(self):
        """The image set, made once: from photographs where there are some, else drawn."""
        if self._set is None:
            self._set = self.folder / "images"
            sample = pathlib.Path(os.environ.get("SEEDBED_SAMPLE_DIR", ""))
            if sample.name and sample.is_dir():
                multiply_photographs(sample, self._set, self.images)
            else:
                arguments = ["--classes", CLASSES, "--per-class", -(-self.images // CLASSES), "--size", 150, "--seed", 1]
                subprocess.run([program("make_seedlings"), self._set, *map(str, arguments)], check=True)
        return self._set


def multiply_photographs(sample, target, wanted):
    """Copies of the photographs until there are `wanted`, each copy with noise in the lowest bit: other contents, same cost to decode."""
    photographs = sorted(sample.glob("*/*.png"))
    generator = numpy.random.default_rng(1)
    for number in range(wanted):
        source = photographs[number % len(photographs)]
        pixels = numpy.asarray(Image.open(source).convert("RGB"))
        noisy = pixels ^ generator.integers(0, 2, pixels.shape, dtype=numpy.uint8)
        folder = target / source.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(folder / f"{number:05}.png")


def seconds_between(begin, end):
    """Between two times as the CLI prints them."""
    parse = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (parse(end) - parse(begin)).total_seconds()


def start_up(context):
    """From exec to the ready line, memory when idle, and what is mapped."""
    times = []
    for _ in range(REPEATS):
        begin = time.monotonic()
        service = context.service("--devices", "none")
        times.append(time.monotonic() - begin)
        service.stop()
    yield {"name": "seedbedd: exec to ready, median", "value": 1000 * statistics.median(times), "unit": "ms", "at_most": 100}
    service = context.service("--devices", "cpu")
    try:
        wait_until(lambda: [worker["state"] for worker in service.json("worker", "ls")["workers"]] == ["IDLE"])
        time.sleep(1)
        yield {"name": "seedbedd: resident when idle", "value": service.memory_kib() / 1024, "unit": "MiB", "at_most": 40}
        maps = pathlib.Path(f"/proc/{service.process.pid}/maps").read_text()
        yield {"name": "seedbedd: mappings of LibTorch or OpenCV", "value": len(re.findall("libtorch|libopencv", maps)), "unit": "", "at_most": 0}
    finally:
        service.close()


def status_command(context):
    """`seedbed status`, the whole process."""
    service = context.service("--devices", "none")
    try:
        times = []
        for _ in range(REPEATS):
            begin = time.monotonic()
            service.cli("status")
            times.append(time.monotonic() - begin)
        yield {"name": "seedbed status: whole process, median", "value": 1000 * statistics.median(times), "unit": "ms", "at_most": 30}
    finally:
        service.close()


async def submit_many(address, path, requests, window):
    """Seconds for all requests, with `window` of them under way at a time."""
    limit = asyncio.Semaphore(window)
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_unary(path)

        async def one(request):
            async with limit:
                await call(request)

        begin = time.monotonic()
        await asyncio.gather(*map(one, requests))
        return time.monotonic() - begin


def queue(context):
    """1,000 jobs without a worker: acknowledged durably, and listed."""
    jobs = 1000
    service = context.service("--devices", "none")
    try:
        method = "seedbed.v1.JobService/SubmitJob"
        with Api(service.address) as api:
            request = lambda number: api.request(method, {"spec": {"index": {"dataset": f"d{number}", "root": str(context.folder)}}}).SerializeToString()
            for clients, base in ((1, 0), (32, jobs)):
                seconds = asyncio.run(submit_many(service.address, f"/{method}", [request(base + number) for number in range(jobs)], clients))
                yield {"name": f"submitting {jobs} jobs, {clients} at a time", "value": jobs / seconds, "unit": "jobs/s", "at_least": 100}
            times = []
            for _ in range(REPEATS):
                begin = time.monotonic()
                listed = api.call("seedbed.v1.JobService/ListJobs", {"page": {"page_size": 1000}})
                times.append(time.monotonic() - begin)
            assert len(listed["jobs"]) == jobs
            note = "gRPC call from Python, reading included"
            yield {"name": f"listing {jobs} jobs, median", "value": 1000 * statistics.median(times), "unit": "ms", "at_most": 50, "note": note}
        service.kill()
        service.start()
        stored = sum(state["jobs"] for state in service.json("status")["jobs"])
        yield {"name": "jobs that survive kill -9 of the server", "value": stored, "unit": "jobs", "at_least": 2 * jobs}
    finally:
        service.close()


def indexing(context):
    """The index job (read, hash, decode, fingerprint), against the bare codec on as many threads."""
    images = context.image_set()
    service = context.service("--devices", "cpu", workers_threads=CODEC_THREADS)
    try:
        wait_until(lambda: [worker["state"] for worker in service.json("worker", "ls")["workers"]] == ["IDLE"])
        list(map(pathlib.Path.read_bytes, images.glob("*/*")))  # both sides read from the page cache
        codecs = codecs_alone(images)
        service.cli("dataset", "add", "seedlings", images)
        job = service.job(service.json("dataset", "show", "seedlings")["job_id"])
        count = service.json("dataset", "show", "seedlings")["images"]
        rate = count / seconds_between(job["start_time"], job["end_time"])
        yield {"name": "indexing", "value": rate, "unit": "images/s"}
        yield {"name": "libspng alone, files in memory", "value": codecs, "unit": "images/s"}
        yield {"name": "indexing : codecs alone", "value": rate / codecs, "unit": "", "at_least": 0.9}
    finally:
        service.close()


def codecs_alone(images):
    """Images per second that libspng decodes, called without anything around it, files in memory."""
    environment = os.environ | {"SEEDBED_SAMPLE_DIR": str(images)}
    command = [program("image_bench"), f"--benchmark_filter=^DecodeBare/png/real_time/threads:{CODEC_THREADS}$", "--benchmark_format=json"]
    report = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    (run,) = report["benchmarks"]
    return run["items_per_second"]


def peers(images, epochs, which):
    """{"first_epoch_seconds", "later_epoch_seconds"} of a Python peer."""
    command = [sys.executable, HERE / "peers/logistic_peers.py", "--images", images, "--epochs", str(epochs), "--peer", which]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def training(context):
    """Epochs of the logistic baseline beside Keras's generator loop and PyTorch's DataLoader."""
    images = context.image_set()
    service = context.service("--devices", "cpu")
    try:
        service.cli("dataset", "add", "seedlings", images)
        service.cli("split", "seedlings", "--per-class", PER_CLASS)
        arguments = ["--dataset", "seedlings", "--split", "default", "--arch", "logistic", "--epochs", context.epochs, "--model", "m"]
        lines = service.json_lines("train", *arguments)
        epochs = [line for line in lines if line.get("type") == "epoch"]
        started = next(line["time"] for line in lines if line.get("state") == "RUNNING")
    finally:
        service.close()
    keras = peers(images, 2, "keras")
    torch = peers(images, 2, "torch")
    memory = peers(images, 4, "memory")
    first = seconds_between(started, epochs[0]["time"])
    later = statistics.median(epoch["seconds"] for epoch in epochs[1:])
    # The peers train on every image, we on all but those kept for validation: what is compared is the time for an image.
    share = keras["images"] / (keras["images"] - CLASSES * PER_CLASS)
    note = "decoding and validation included"
    yield {"name": "our epoch, the first, from the start of the job", "value": first, "unit": "s", "note": note}
    yield {"name": "our epoch, median of the later ones", "value": later, "unit": "s", "note": "validation included"}
    yield {"name": "Keras epoch, decoding included", "value": keras["later_epoch_seconds"], "unit": "s"}
    yield {"name": "PyTorch epoch, DataLoader with 2 workers", "value": torch["first_epoch_seconds"], "unit": "s"}
    yield {"name": "PyTorch epoch, pixels in memory", "value": memory["later_epoch_seconds"], "unit": "s"}
    yield {"name": "Keras : ours, a later epoch, by image", "value": keras["later_epoch_seconds"] / later / share, "unit": "times", "at_least": 20}
    yield {"name": "PyTorch : ours, the first epoch, by image", "value": torch["first_epoch_seconds"] / first / share, "unit": "times", "at_least": 2}
    yield {"name": "PyTorch in memory : ours, a later epoch, by image", "value": memory["later_epoch_seconds"] / later / share, "unit": "times"}


def features_bench(context, which):
    """The runs of the benchmarks whose names begin so."""
    environment = os.environ | {"SEEDBED_SAMPLE_DIR": str(context.image_set())}
    command = [program("features_bench"), f"--benchmark_filter=^{which}", "--benchmark_format=json"]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)["benchmarks"]


def training_augmented(context):
    """What a training with augmentation does for each batch before a frozen backbone gives its rows, beside 1/(1/forward + augment/cores)."""
    for run in features_bench(context, "Augmented"):
        note = f"{run['images_per_second']:.4g} images/s, forward alone {run['forward_per_second']:.4g}, {run['label'].split('-')[0]}"
        name = f"{run['name'].split('/')[1]} augmented : forward and augmentation"
        yield {"name": name, "value": run["ratio"], "unit": "", "at_least": 0.92, "note": note}


def extraction(context):
    """The computation of features beside the network's raw forward pass, and decoding, in one process."""
    for run in features_bench(context, "From"):
        source, network = run["name"].split("/")[:2]
        decoded = source == "FromDecoded"
        name = f"{network} from {'decoded pixels : forward' if decoded else 'PNG : forward and decoding'}"
        note = f"{run['images_per_second']:.4g} images/s, {run['label'].split('-')[0]}"
        yield {"name": name, "value": run["ratio"], "unit": "", "at_least": 0.95 if decoded else 0.9, "note": note}


def background(context):
    """Background removal beside the NumPy and OpenCV original, one core each, in turns."""
    command = [sys.executable, HERE / "peers/background_peer.py", program("background_bench"), context.image_set()]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    note = f"{done['ours_ms']:.3g} ms an image"
    yield {"name": "background removal: original : ours", "value": done["original_ms"] / done["ours_ms"], "unit": "times", "at_least": 1.5, "note": note}
    note = f"{done['our_median_ms']:.3g} ms an image"
    yield {"name": "median blur 9: OpenCV : ours", "value": done["median_ms"] / done["our_median_ms"], "unit": "times", "at_least": 1.5, "note": note}
    yield {"name": "pictures that differ from the original's", "value": 0 if done["equal"] else 1, "unit": "", "at_most": 0}


ALL = {
    "start_up": start_up,
    "status": status_command,
    "queue": queue,
    "indexing": indexing,
    "background": background,
    "training": training,
    "forward": networks.forward,
    "extraction": extraction,
    "training_augmented": training_augmented,
    "heads": heads.training,
}
