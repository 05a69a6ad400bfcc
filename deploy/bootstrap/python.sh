# shellcheck shell=bash
# Virtual environments with pinned packages. Each is made once for its list and made anew when the list changes.

# ensure_venv FOLDER REQUIREMENTS [PIP ARGUMENTS]
ensure_venv() {
  local folder=$1 requirements=$2 stamp=$1/.requirements.sha256 digest
  shift 2
  digest=$(sha256sum <"$requirements")
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then return; fi
  ensure_packages python
  say "making $folder with the packages of $requirements"
  rm -rf "$folder"
  python3 -m venv "$folder"
  local arguments=(--requirement "$requirements" --find-links .deps/wheels-cpu "$@")
  [ -z "${SB_TORCH_INDEX:-}" ] || arguments+=(--extra-index-url "$SB_TORCH_INDEX")
  mkdir -p .deps/wheels-cpu
  quietly "build/log/$(basename "$folder").log" "Is there a network? SB_TORCH_INDEX names a package index that has PyTorch for CPUs." \
    "$folder/bin/python" -m pip install --progress-bar off "${arguments[@]}"
  printf '%s\n' "$digest" >"$stamp"
}
