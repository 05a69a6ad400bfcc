# shellcheck shell=bash
# Tests: GoogleTest programs through ctest, then Python tests that start the real programs.

# Command prefix for programs under the thread sanitizer on kernels that randomise addresses by more than it can bear.
tsan_prefix() {
  if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ]; then echo "setarch $(uname -m) -R"; fi
}

# run_ctest PRESET [CTEST ARGUMENTS]
run_ctest() {
  local preset=$1 prefix=()
  shift
  [ "$preset" != tsan ] || read -ra prefix <<<"$(tsan_prefix)"
  say "unit tests in build/$preset"
  SEEDBED_SAMPLE_DIR=$(sample_dir) "${prefix[@]}" ctest --test-dir "build/$preset" --parallel "$(jobs)" --output-on-failure --no-tests=error \
    --output-junit "$PWD/build/test-results/ctest-$preset.xml" "$@" </dev/null
}

# The photographs that tests compare with; where they are absent the tests that need them skip.
sample_dir() { echo "${SEEDBED_SAMPLE_DIR:-$(readlink -m ../shared/data/seedlings)}"; }

# imgaug, a peer that needs an older NumPy than the others.
ensure_imgaug() { ensure_venv .venv-imgaug tests/parity/augment/imgaug_requirements.txt --no-deps; }

# run_pytest RESULTS PYTEST ARGUMENTS…
run_pytest() {
  local results=$1
  shift
  ensure_venv .venv tests/parity/requirements.txt
  ensure_imgaug
  SEEDBED_SAMPLE_DIR=$(sample_dir) SEEDBED_BUILD_DIR=${SEEDBED_BUILD_DIR:-$PWD/build/release} \
    .venv/bin/python -m pytest -c tests/pytest.ini --junitxml "$PWD/build/test-results/$results.xml" "$@" </dev/null
}

verb_test() {
  ensure_packages browser
  build_tree release all
  rm -rf build/test-results
  local failed=0
  run_ctest release || failed=1
  say "integration, parity and fault tests"
  run_pytest pytest "${@:-tests}" || failed=1
  python3 deploy/bootstrap/count_tests.py build/test-results || failed=1
  return $failed
}

verb_fault() {
  build_tree release seedbedd seedbed-worker seedbed make_seedlings
  export SEEDBED_FAULT_KILLS=${1:-20}
  run_pytest fault -s tests/fault
}

verb_bench() {
  build_tree release all
  ensure_venv .venv tests/parity/requirements.txt
  ensure_venv .deps/bench tests/bench/requirements.txt
  ensure_imgaug
  SEEDBED_SAMPLE_DIR=$(sample_dir) SEEDBED_PEERS_PYTHON=$PWD/.deps/bench/bin/python .venv/bin/python tests/bench/run_bench.py --build-dir build/release "$@"
}
