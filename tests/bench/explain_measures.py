"""What `./run bench` measures of explanations. Measures yield results as in measures.py."""

import json
import os
import subprocess

from service import program

THREADS = min(2, os.cpu_count() or 1)
ROUNDS = {"efficientnet_lite0": 15, "vgg16": 7}
# Grad-CAM is one forward pass and one backward pass over the layers behind the last convolution. Those of VGG16 are dense: 494 MB of weights,
# which the way back reads once more.
GRADCAM_BY_FORWARD = {"efficientnet_lite0": 1.15, "vgg16": 1.25}


def explain(_context):
    """Grad-CAM against a forward pass, and steps of integrated gradients together against one by one."""
    for arch, rounds in ROUNDS.items():
        command = [program("explain_bench"), arch, "224", str(THREADS), str(rounds)]
        medians = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        yield {"name": f"{arch}, one image forward", "value": 1000 * medians["forward"], "unit": "ms", "note": f"224x224, {THREADS} threads"}
        yield {"name": f"{arch}, Grad-CAM : forward", "value": medians["gradcam"] / medians["forward"], "unit": "", "at_most": GRADCAM_BY_FORWARD[arch]}
        single_by_batched = medians["single"] / medians["batched"]
        note = f"{1000 * medians['batched']:.0f} ms together"
        yield {"name": f"{arch}, 50 steps one by one : together", "value": single_by_batched, "unit": "times", "at_least": 1, "note": note}


ALL = {"explain": explain}
