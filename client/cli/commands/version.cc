// seedbed version
#include <google/protobuf/stubs/common.h>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/commands.h"
#include "core/base/version.h"

namespace seedbed::cli {
namespace {

absl::StatusOr<ExitCode> ShowVersion(Session& session) {
  const std::string version(Version()), revision(Revision());
  const std::string protobuf = google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION);
  if (session.console().json()) {
    session.console().PrintJson({{"version", version}, {"revision", revision}, {"grpc", grpc::Version()}, {"protobuf", protobuf}});
  } else {
    session.console().Print(absl::StrCat("seedbed ", version, " (", revision, "), gRPC ", grpc::Version(), ", protobuf ", protobuf, "\n"));
  }
  return kDone;
}

}  // namespace

void AddVersionCommand(CommandTree& tree) {
  tree.AddCommand(&tree.root(), "version", "Print the version of this program", {"seedbed version"}, ShowVersion);
}

}  // namespace seedbed::cli
