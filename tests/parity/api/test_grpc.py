"""Any gRPC client can call the API: reflection tells it how, health says whether."""

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from api import Api


def test_reflection_lists_the_services(api):
    assert {
        "seedbed.v1.AdminService",
        "seedbed.v1.DatasetService",
        "seedbed.v1.JobService",
        "seedbed.v1.FeatureService",
        "seedbed.v1.NetworkService",
        "seedbed.v1.ModelService",
        "grpc.health.v1.Health",
    } <= api.services()


def test_a_call_without_compiled_protos(service, api):
    info = api.call("seedbed.v1.AdminService/GetServerInfo")
    assert info["listen_address"] == service.address
    assert info["data_root"] == str(service.data_root)


@pytest.mark.parametrize("name", ["", "seedbed.v1.JobService"])
def test_health_is_serving(api, name):
    assert HealthStub(api.channel).Check(HealthCheckRequest(service=name), timeout=10).status == HealthCheckResponse.SERVING


def test_health_of_an_unknown_service_is_not_found(api):
    with pytest.raises(grpc.RpcError) as error:
        HealthStub(api.channel).Check(HealthCheckRequest(service="seedbed.v1.NoSuchService"), timeout=10)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_errors_name_the_field(api):
    with pytest.raises(grpc.RpcError) as error:
        api.call("seedbed.v1.JobService/SubmitJob", {"spec": {"train": {"dataset": "d", "arch": "logistic", "model": "m", "epochs": -1}}})
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "epochs" in error.value.details()


def test_the_unix_socket_serves_the_same_api(service):
    with Api(f"unix:{service.data_root}/run/seedbedd.sock") as local:
        assert local.call("seedbed.v1.AdminService/GetServerInfo")["data_root"] == str(service.data_root)
