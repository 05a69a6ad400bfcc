"""A network as the backbone of others: cut, features stored, heads trained on them or on its weights, all over the API."""

import grpc
import pytest

from api import Api
from campaign import prepare, submit

IMAGES = {"dataset": "seedlings", "split": "half"}
NET = {"arch": "resnet18", "epochs": 1, "preprocessing": {"width": 32, "height": 32}}
LAST = "conv5_block2_out"


def run(service, spec):
    """The result of a job that must succeed."""
    with Api(service.address) as api:
        job_id = submit(api, spec)
    job = service.wait_for_state(job_id, "SUCCEEDED", "FAILED", "CANCELLED", seconds=300)
    assert job["state"] == "SUCCEEDED", job
    return next(iter(job["result"].values()))


@pytest.fixture(name="backbone")
def make_backbone(service, images):
    """A server with a small trained network and, as model `cut`, its layers before the classes."""
    prepare(service, images)
    run(service, {"train": IMAGES | NET | {"model": "net"}})
    cut = run(service, {"edit_model": {"model": "net", "output": "cut", "cut_layer": LAST}})
    assert cut["output_layer"] == LAST
    return service


def extract(service, subset):
    return run(service, {"extract": IMAGES | {"subset": subset, "model": "cut", "pool": "POOL_AVG", "features": subset}})


def test_a_head_is_the_same_from_features_from_weights_and_without_the_cache(backbone):
    assert extract(backbone, "train")["shape"] == [512]
    extract(backbone, "validation")
    head = {"epochs": 3}
    stored = run(backbone, {"train": head | {"model": "stored", "features": "train", "val_features": "validation"}})
    cached = run(backbone, {"train": IMAGES | head | {"model": "cached", "weights": "cut"}})
    fresh = run(backbone, {"train": IMAGES | head | {"model": "fresh", "weights": "cut", "feature_cache": False}})
    assert stored["weights_sha256"] == cached["weights_sha256"] == fresh["weights_sha256"]
    assert (cached["backbone_images"], cached["cached_images"]) == (0, 60), "the extractions had computed them"
    assert (fresh["backbone_images"], fresh["cached_images"]) == (60, 0)
    scores = run(backbone, {"evaluate": IMAGES | {"model": "stored", "top_k": 2}})
    assert scores["top_k"] == 2 and scores["accuracy"] <= scores["top_k_accuracy"] <= 1


def test_what_does_not_fit_is_refused_when_it_is_submitted(backbone):
    wrong = [
        ({"train": IMAGES | {"weights": "cut", "model": "x", "head": ["flatten", {"dense": 7}]}}, "spec.train.head", "3 classes"),
        ({"train": IMAGES | {"weights": "cut", "model": "x", "trainable": ["conv9*"]}}, "spec.train.trainable", "conv9*"),
        ({"train": IMAGES | {"weights": "cut", "model": "x", "arch": "vgg16"}}, "spec.train.arch", "resnet18"),
        ({"extract": {"dataset": "seedlings", "model": "net", "layer": LAST[:-1], "features": "y"}}, "spec.extract.layer", LAST),
        ({"edit_model": {"model": "net", "output": "y", "pop": 500}}, "spec.edit_model.pop", "500"),
        ({"evaluate": IMAGES | {"model": "cut"}}, "spec.evaluate.model", "no top"),
        ({"train": {"features": "absent", "model": "x"}}, "spec.train.features", "absent"),
    ]
    with Api(backbone.address) as api:
        for spec, field, said in wrong:
            with pytest.raises(grpc.RpcError) as error:
                submit(api, spec)
            assert field in error.value.details() and said in error.value.details()
