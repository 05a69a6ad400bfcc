"""What `./run bench` measures of maps of features. Measures yield results as in measures.py."""

import json
import pathlib
import subprocess
import sys

from service import program

HERE = pathlib.Path(__file__).resolve().parent
ROWS, VALUES = 4750, 1280
ROUNDS = 3


def explore(context):
    """t-SNE of as many images as the seedlings are, by turns with scikit-learn's."""
    command = [sys.executable, HERE / "peers/tsne_peer.py", program("explore_tool"), context.folder, str(ROWS), str(VALUES), str(ROUNDS)]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    note = f"{ROWS} x {VALUES}, 1000 iterations, {done['threads']} threads; divergence {done['our_divergence']:.3f}"
    yield {"name": "t-SNE of features", "value": done["ours"], "unit": "s", "note": note}
    theirs = f"Barnes-Hut, on 50 components; divergence {done['their_divergence']:.3f}"
    yield {"name": "scikit-learn, t-SNE", "value": done["theirs"], "unit": "s", "note": theirs}
    yield {"name": "scikit-learn : ours, t-SNE", "value": done["theirs"] / done["ours"], "unit": "times", "at_least": 1}


ALL = {"explore": explore}
