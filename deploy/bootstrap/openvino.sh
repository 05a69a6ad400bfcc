# shellcheck shell=bash
# OpenVINO, which runs frozen networks on CPUs (core/nn/openvino_backend.h): the folder with its include/ and libs/, exported as
# OPENVINO_DIR. In this order: OPENVINO_DIR as given, the pinned wheel unpacked under .deps/. SB_OPENVINO=off builds without it, and so does a
# machine for which there is no wheel: the reference path does the same, slower.

openvino_version=2026.4.1
# What the C interface, the reader of networks and the CPU plug-in need. Not tbbbind: TBB loads it in a way (RTLD_DEEPBIND) that gives it an
# allocator of its own, and memory from tcmalloc then ends in glibc's free.
openvino_files=(
  'openvino/include/openvino/c/*' openvino/libs/libopenvino.so.* 'openvino/libs/libopenvino_c.so.*' 'openvino/libs/libopenvino_ir_frontend.so.*'
  openvino/libs/libopenvino_intel_cpu_plugin.so 'openvino/libs/libtbb.so.*'
)

download_openvino() {
  ensure_packages wheel
  mkdir -p "$1"
  python3 -m pip download --progress-bar off --dest "$1" --only-binary :all: --no-deps --implementation cp --python-version 3.11 \
    --platform manylinux_2_28_x86_64 "openvino==$openvino_version" >build/log/openvino-download.log 2>&1
}

# As unpack_torch: nothing half done is left.
unpack_openvino() {
  local wheels=$1 folder=$2 part=$2.part
  rm -rf "$part" && mkdir -p "$part"
  say "unpacking OpenVINO into $folder"
  unzip -q "$wheels"/openvino-"$openvino_version"-*.whl "${openvino_files[@]}" -d "$part"
  mv "$part" "$folder"
}

ensure_openvino() {
  case ${SB_OPENVINO:-on} in
    on) ;;
    off) export OPENVINO_DIR="" && return ;;
    *) die "SB_OPENVINO is '$SB_OPENVINO': it must be on or off" 2 ;;
  esac
  if [ -n "${OPENVINO_DIR:-}" ]; then
    OPENVINO_DIR=$(readlink -f "$OPENVINO_DIR")
    [ -e "$OPENVINO_DIR/include/openvino/c/openvino.h" ] || die "OPENVINO_DIR=$OPENVINO_DIR has no include/openvino/c/openvino.h"
    export OPENVINO_DIR
    return
  fi
  local folder=$PWD/.deps/openvino-$openvino_version wheels=$PWD/.deps/wheels-openvino
  if [ ! -d "$folder" ]; then
    say "downloading OpenVINO $openvino_version"
    mkdir -p build/log
    if ! download_openvino "$wheels"; then
      say "no OpenVINO $openvino_version to be had (see build/log/openvino-download.log): building without it, slower frozen networks"
      export OPENVINO_DIR=""
      return
    fi
    unpack_openvino "$wheels" "$folder"
  fi
  export OPENVINO_DIR=$folder/openvino
}
