"""/metrics as Prometheus reads it."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture
def scrape(service):
    def fetch():
        with urllib.request.urlopen(f"http://{service.metrics_address}/metrics", timeout=10) as response:
            text = response.read().decode()
        return {family.name: family for family in text_string_to_metric_families(text)}

    return fetch


def value(families, family, sample=None, **labels):
    """Sum of the samples that have these labels; fails when there is none."""
    name = sample or family
    found = [item.value for item in families[family].samples if item.name == name and labels.items() <= item.labels.items()]
    assert found, f"no sample {name} {labels} among {families[family].samples}"
    return sum(found)


def test_series_exist_before_anything_happened(scrape):
    families = scrape()
    assert value(families, "seedbed_build_info") == 1
    for kind in ("index", "split", "train", "evaluate"):
        assert value(families, "seedbed_jobs", kind=kind) == 0
        assert value(families, "seedbed_jobs_finished", "seedbed_jobs_finished_total", kind=kind) == 0
    assert value(families, "seedbed_worker_restarts", "seedbed_worker_restarts_total") == 0


def test_a_training_is_counted(service, scrape, images):
    service.cli("dataset", "add", "seeds", images)
    service.cli("split", "seeds", "--per-class", 4)
    service.cli("train", "--dataset", "seeds", "--split", "default", "--arch", "logistic", "--epochs", 3, "--size", 16, "--model", "m")
    families = scrape()
    assert value(families, "seedbed_jobs_finished", "seedbed_jobs_finished_total", kind="train", outcome="succeeded") == 1
    assert value(families, "seedbed_job_duration_seconds", "seedbed_job_duration_seconds_count", kind="train") == 1
    assert value(families, "seedbed_training_images", "seedbed_training_images_total", phase="train") == 3 * 48
    assert value(families, "seedbed_worker_epoch") == 3


def test_histograms_are_consistent(service, scrape):
    service.cli("status")
    for family in scrape().values():
        if family.type == "histogram":
            check_histogram(family)


def check_histogram(family):
    """Buckets ascend, never fall, end with +Inf, and that one is the count."""
    series = {}
    for sample in family.samples:
        labels = tuple(sorted(item for item in sample.labels.items() if item[0] != "le"))
        series.setdefault(labels, {"bounds": [], "counts": []})
        if sample.name.endswith("_bucket"):
            series[labels]["bounds"].append(float(sample.labels["le"]))
            series[labels]["counts"].append(sample.value)
        elif sample.name.endswith("_count"):
            series[labels]["count"] = sample.value
    assert series
    for labels, one in series.items():
        assert one["bounds"] == sorted(set(one["bounds"])) and one["bounds"][-1] == float("inf"), (family.name, labels)
        assert one["counts"] == sorted(one["counts"]) and one["counts"][-1] == one["count"], (family.name, labels)


def test_label_sets_are_bounded(service, scrape, images):
    """Names of datasets, jobs and models never become labels."""
    service.cli("dataset", "add", "a-name-that-must-not-show", images)
    text = "".join(str(sample.labels) for family in scrape().values() for sample in family.samples)
    assert "a-name-that-must-not-show" not in text and "index-1" not in text
