// Calls to gRPC's standard services, whose protos no package here ships: by method name, field by field.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/lib/status.h"
#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace seedbed::api {

using Fields = google::protobuf::UnknownFieldSet;

inline grpc::ByteBuffer ToBuffer(const Fields& fields) {
  std::string bytes;
  fields.SerializeToString(&bytes);
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

inline std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

// The first answer to one request, serialised; works for unary and streaming methods.
inline absl::StatusOr<std::string> CallByName(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                                              const Fields& request) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto step = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = grpc::GenericStub(channel).PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  step();
  call->Write(ToBuffer(request), nullptr);
  step();
  call->WritesDone(nullptr);
  step();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  const bool is_answered = step();
  grpc::Status status;
  call->Finish(&status, nullptr);
  step();
  if (!status.ok()) return client::FromGrpc(status);
  return is_answered ? BytesOf(answer) : "";
}

enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2 };

// kUnknown: the server does not know the service.
inline Health CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  Fields request;
  request.AddLengthDelimited(1, service);
  const auto answer = CallByName(channel, "/grpc.health.v1.Health/Check", request);
  Fields fields;
  if (!answer.ok() || !fields.ParseFromString(*answer) || fields.field_count() != 1) return Health::kUnknown;
  return static_cast<Health>(fields.field(0).varint());
}

// By reflection.
inline std::set<std::string> ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  constexpr int kListServices = 7;
  constexpr int kListServicesResponse = 6;
  Fields request;
  request.AddLengthDelimited(kListServices, "");
  const auto answer = CallByName(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", request);
  std::set<std::string> names;
  Fields fields;
  if (!answer.ok() || !fields.ParseFromString(*answer)) return names;
  for (int i = 0; i < fields.field_count(); ++i) {
    if (fields.field(i).number() != kListServicesResponse) continue;
    Fields list;
    EXPECT_TRUE(list.ParseFromString(fields.field(i).length_delimited()));
    for (int k = 0; k < list.field_count(); ++k) {
      Fields service;
      EXPECT_TRUE(service.ParseFromString(list.field(k).length_delimited()));
      names.insert(service.field(0).length_delimited());
    }
  }
  return names;
}

}  // namespace seedbed::api
