# shellcheck shell=bash
# Configure and build, one run at a time.

jobs() { echo "${SB_JOBS:-$(nproc)}"; }

# Until this shell ends or unlock_build: a second ./run waits here instead of building into the same folders.
lock_build() {
  mkdir -p build
  exec {build_lock}>build/.lock
  flock --nonblock "$build_lock" && return
  say "another ./run is building; waiting for it"
  flock "$build_lock"
}
unlock_build() { exec {build_lock}>&-; }

# Configures only when the folder is new or LibTorch or OpenVINO moved; later changes of CMake files are seen by the build itself.
configure() {
  local preset=$1 cache=build/$1/CMakeCache.txt
  if [ -e "build/$preset/build.ninja" ] && grep -qxF "SB_TORCH_DIR:PATH=${TORCH_DIR:-}" "$cache" &&
    grep -qxF "SB_OPENVINO_DIR:PATH=${OPENVINO_DIR:-}" "$cache"; then return; fi
  say "configuring build/$preset"
  quietly "build/log/configure-$preset.log" "./run clean, then once more, helps after a change of tools." \
    cmake --preset "$preset" -D "SB_TORCH_DIR=${TORCH_DIR:-}" -D "SB_OPENVINO_DIR=${OPENVINO_DIR:-}"
}

# build_tree PRESET TARGET…
build_tree() {
  local preset=$1
  shift
  lock_build
  ensure_packages build
  # What one clone has compiled, ccache gives to every other: paths count from the clone's folder.
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
  if [ "$preset" != tsan ]; then
    ensure_torch
    ensure_openvino
  fi
  configure "$preset"
  say "building $* in build/$preset (with $(jobs) jobs; the first time takes minutes)"
  cmake --build "build/$preset" --parallel "$(jobs)" --target "$@" >&2 ||
    die "the build failed: the first error above says where. If memory ran out, try SB_JOBS=1"
  unlock_build
}
