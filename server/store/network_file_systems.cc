#include "server/store/network_file_systems.h"

namespace seedbed::store {

const char* NetworkFileSystemName(uint64_t magic) {
  switch (magic & 0xffffffff) {  // some of them are sign-extended on their way through f_type
    case 0x6969:
      return "NFS";
    case 0x517b:
    case 0xff534d42:
    case 0xfe534d42:
      return "SMB";
    case 0x5346414f:
    case 0x6b414653:
      return "AFS";
    case 0x73757245:
      return "Coda";
    case 0x00c36400:
      return "Ceph";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x19830326:
      return "BeeGFS";
    case 0x01021997:
      return "9P";
    default:
      return nullptr;
  }
}

}  // namespace seedbed::store
