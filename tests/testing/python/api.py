"""The gRPC API without compiled protos: messages and methods come from the server's reflection service, requests are dicts."""

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


class Api:
    def __init__(self, address, options=()):
        self.channel = grpc.insecure_channel(address, options=list(options))
        self._database = ProtoReflectionDescriptorDatabase(self.channel)
        self._pool = DescriptorPool(self._database)

    def services(self):
        return set(self._database.get_services())

    def _method(self, name):
        """(descriptor, path) of "seedbed.v1.JobService/GetJob"."""
        service, method = name.split("/")
        return self._pool.FindServiceByName(service).FindMethodByName(method), f"/{name}"

    def request(self, name, body):
        return json_format.ParseDict(body, GetMessageClass(self._method(name)[0].input_type)())

    def response_class(self, name):
        return GetMessageClass(self._method(name)[0].output_type)

    def call(self, name, body=None, timeout=30):
        """A unary call: dict in, dict out. Errors are grpc.RpcError."""
        method, path = self._method(name)
        request_class, response_class = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        invoke = self.channel.unary_unary(path, request_class.SerializeToString, response_class.FromString)
        return self._dict(invoke(json_format.ParseDict(body or {}, request_class()), timeout=timeout))

    def stream(self, name, body=None, timeout=None):
        """A server stream, as the gRPC call object: iterate over its messages, or do not read at all."""
        method, path = self._method(name)
        request_class, response_class = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        invoke = self.channel.unary_stream(path, request_class.SerializeToString, response_class.FromString)
        return invoke(json_format.ParseDict(body or {}, request_class()), timeout=timeout)

    @staticmethod
    def _dict(message):
        return json_format.MessageToDict(message, preserving_proto_field_name=True)

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
