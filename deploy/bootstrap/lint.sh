# shellcheck shell=bash
# Everything that can be found wrong without running the programs.

our_sources() { git ls-files --cached --others --exclude-standard -- '*.cc' '*.h'; }
our_scripts() { echo run .ci/run; git ls-files --cached --others --exclude-standard -- '*.sh'; }

format_sources() { our_sources | xargs -r clang-format-14 -i; }

lint_format() { our_sources | xargs -r clang-format-14 --dry-run -Werror; }
lint_scripts() { our_scripts | xargs -r shellcheck --external-sources; }
lint_structure() { python3 tests/lint/check_structure.py --build-dir build/release; }
lint_tidy() { python3 tests/lint/tidy.py build/release build/tidy-cache; }

lint_proto() {
  .deps/lint/bin/buf lint || return 1
  local released
  released=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)
  [ -z "$released" ] || .deps/lint/bin/buf breaking --against ".git#tag=$released"
}

# Runs every check, whatever fails, and says at the end which did.
verb_lint() {
  ensure_packages lint
  ensure_venv .deps/lint tests/lint/requirements.txt
  build_tree release seedbed_proto_grpc
  local check failed=()
  for check in format scripts proto structure tidy; do
    say "lint: $check"
    "lint_$check" || failed+=("$check")
  done
  [ "${#failed[@]}" = 0 ] || die "lint failed: ${failed[*]} (./run fmt mends the format)"
  say "lint: nothing to complain about"
}
