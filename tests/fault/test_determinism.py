"""The same inputs give the same bits."""

from api import Api
from campaign import prepare, submit, train_spec, weights_of


def train(service, model, **fields):
    with Api(service.address) as api:
        job_id = submit(api, train_spec(model, epochs=3, **fields))
    assert service.wait_for_state(job_id, "SUCCEEDED", "FAILED", "CANCELLED")["state"] == "SUCCEEDED"
    return weights_of(service, model)


def test_same_seed_same_weights_whatever_the_threads(service, seedlings):
    prepare(service, seedlings)
    first = train(service, "first", seed=7)
    assert train(service, "again", seed=7) == first
    assert train(service, "one-thread", seed=7, threads=1) == first
    assert train(service, "two-threads", seed=7, threads=2) == first
    assert train(service, "other-seed", seed=8) != first, "weights that do not depend on the seed prove nothing"
