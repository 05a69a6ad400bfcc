"""What reports cost: those of a training and of an evaluation on the whole image set."""

import re

from backbone_measures import running_seconds

REPORT = re.compile(r"report\.html: (\d+) bytes in (\d+) ms")
SIZE = 150  # pixels a side, as in the reference workload: of the pictures that are shown
MAPPED_SIZE = 32  # of those that a frozen network runs on for the map; what it makes of them are 1,280 numbers in any case
MOST_SECONDS, MOST_MEGABYTES = 2, 5


def told(service, job):
    """Bytes and seconds of a job's report."""
    lines = [event["message"] for event in service.events(job) if event["type"] == "log"]
    size, milliseconds = next(match.groups() for line in lines if (match := REPORT.fullmatch(line)))
    return int(size), int(milliseconds) / 1000


def report(context):
    """report.html of all images, beside the jobs that leave it."""
    service = context.service("--devices", "cpu")
    try:
        service.cli("dataset", "add", "seedlings", context.image_set(), timeout=600)
        service.cli("split", "seedlings", "--fraction", 0.2)
        arguments = ["--dataset", "seedlings", "--split", "default", "--epochs", context.epochs]
        training = service.json_lines("train", *arguments, "--arch", "logistic", "--size", SIZE, "--model", "m", timeout=600)[0]["id"]
        evaluation = service.json("evaluate", "m", "--dataset", "seedlings", timeout=600)["job"]
        head = ["--arch", "efficientnet_lite0", "--trainable", "head", "--size", MAPPED_SIZE, "--model", "head"]
        mapped = service.json_lines("train", *arguments, *head, timeout=600)[0]["id"]
        for kind, job in (("a training", training), ("an evaluation", evaluation), ("a training, with a map", mapped)):
            size, seconds = told(service, job)
            note = f"{context.images} images; the whole job took {running_seconds(service, job):.2f} s"
            yield {"name": f"report of {kind}: time", "value": seconds, "unit": "s", "at_most": MOST_SECONDS, "note": note}
            yield {"name": f"report of {kind}: size", "value": size / 1e6, "unit": "MB", "at_most": MOST_MEGABYTES}
    finally:
        service.close()


ALL = {"report": report}
