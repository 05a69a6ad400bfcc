# shellcheck shell=bash
# LibTorch: the folder with its include/ and lib/, exported as TORCH_DIR. In this order: TORCH_DIR as given, an importable Python torch, the
# pinned wheel unpacked under .deps/.

torch_version=2.13.0

# Folder of the Python package torch if its version fits and it has headers; else nothing. Does not import it: that takes seconds.
python_torch_dir() {
  command -v python3 >/dev/null || return 0
  python3 - <<'PYTHON' 2>/dev/null || true
import importlib.metadata, importlib.util, pathlib
spec = importlib.util.find_spec("torch")
major, minor = (int(part) for part in importlib.metadata.version("torch").split(".")[:2])
folder = pathlib.Path(spec.origin).parent
if (2, 11) <= (major, minor) <= (2, 13) and (folder / "include/ATen/ATen.h").exists():
    print(folder)
PYTHON
}

check_torch_dir() {
  local file
  for file in include/ATen/ATen.h lib/libtorch_cpu.so lib/libc10.so; do
    [ -e "$1/$file" ] || die "TORCH_DIR=$1 has no $file: name the folder of LibTorch, or of the Python package torch, that has include/ and lib/"
  done
}

# download_torch CPU-OR-CUDA FOLDER: the wheel, and for CUDA the NVIDIA wheels it needs.
download_torch() {
  local flavour=$1 folder=$2
  local arguments=(--dest "$folder" --only-binary :all:)
  [ -z "${SB_TORCH_INDEX:-}" ] || arguments+=(--extra-index-url "$SB_TORCH_INDEX")
  if [ "$flavour" = cpu ]; then arguments+=(--no-deps "torch==$torch_version+cpu"); else arguments+=("torch==$torch_version"); fi
  say "downloading LibTorch $torch_version ($flavour)"
  quietly build/log/torch-download.log \
    "Set SB_TORCH_INDEX to a package index that has torch $torch_version+cpu, or TORCH_DIR to an unpacked LibTorch." \
    python3 -m pip download --progress-bar off "${arguments[@]}"
}

# Unpacks into a folder beside the final one and renames, so that an interrupted run leaves nothing half done.
unpack_torch() {
  local wheels=$1 folder=$2 part wheel
  part=$folder.part
  rm -rf "$part" && mkdir -p "$part"
  say "unpacking LibTorch into $folder"
  for wheel in "$wheels"/torch-*.whl; do unzip -q "$wheel" 'torch/include/*' 'torch/lib/*' -d "$part"; done
  for wheel in "$wheels"/nvidia_*.whl; do
    [ ! -e "$wheel" ] || unzip -q "$wheel" 'nvidia/*' -d "$part"
  done
  mv "$part" "$folder"
}

ensure_torch() {
  if [ -n "${TORCH_DIR:-}" ]; then
    TORCH_DIR=$(readlink -f "$TORCH_DIR")
    check_torch_dir "$TORCH_DIR"
    export TORCH_DIR
    return
  fi
  local flavour=${SB_TORCH:-cpu}
  case $flavour in cpu | cuda) ;; *) die "SB_TORCH is '$flavour': it must be cpu or cuda" 2 ;; esac
  TORCH_DIR=$(python_torch_dir)
  if [ -z "$TORCH_DIR" ]; then
    local folder=$PWD/.deps/torch-$torch_version-$flavour wheels=$PWD/.deps/wheels-$flavour
    if [ ! -d "$folder" ]; then
      ensure_packages wheel
      mkdir -p "$wheels"
      download_torch "$flavour" "$wheels"
      unpack_torch "$wheels" "$folder"
    fi
    TORCH_DIR=$folder/torch
  fi
  export TORCH_DIR
}
