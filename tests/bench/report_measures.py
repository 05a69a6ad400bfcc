"""What reports cost: those of a training and of an evaluation on the whole image set."""

import re

from backbone_measures import running_seconds

REPORT = re.compile(r"report\.html: (\d+) bytes in (\d+) ms")
SIZE = 32  # pixels a side: of the pictures that the jobs work on
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
        arguments = ["--dataset", "seedlings", "--arch", "logistic", "--size", SIZE, "--model", "m", "--epochs", context.epochs]
        training = service.json_lines("train", *arguments, timeout=600)[0]["id"]
        evaluation = service.json("evaluate", "m", "--dataset", "seedlings", timeout=600)["job"]
        for kind, job in (("training", training), ("evaluation", evaluation)):
            size, seconds = told(service, job)
            note = f"{context.images} images; the whole job took {running_seconds(service, job):.2f} s"
            yield {"name": f"report of a {kind}: time", "value": seconds, "unit": "s", "at_most": MOST_SECONDS, "note": note}
            yield {"name": f"report of a {kind}: size", "value": size / 1e6, "unit": "MB", "at_most": MOST_MEGABYTES}
    finally:
        service.close()


ALL = {"report": report}
