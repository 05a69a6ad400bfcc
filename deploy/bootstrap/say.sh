# shellcheck shell=bash
# How ./run talks: progress and errors on stderr, results on stdout.

say() { printf '==> %s\n' "$*" >&2; }

# die MESSAGE [EXIT-STATUS]
die() {
  printf 'run: %s\n' "$1" >&2
  exit "${2:-1}"
}

# quietly LOG HINT COMMAND…: runs COMMAND with its output in LOG; on failure shows the log's end and HINT.
quietly() {
  local log=$1 hint=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null && return
  tail -n 30 "$log" >&2
  die "failed: $* (whole log: $log). $hint"
}
