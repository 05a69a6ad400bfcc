#!/usr/bin/env python3
"""`./run bench`: speed and memory of the real programs, as ratios to peers measured beside them in the same run.

Prints a table, and writes it as JSON to build/bench/results.json. Exit status 1 when a measurement fails; a missed target is only marked, since
these are measurements of a machine, not tests.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing/python"))
sys.path.insert(0, str(HERE))

import ascents  # noqa: E402
import augmentation  # noqa: E402
import backbone_measures  # noqa: E402
import baseline_measures  # noqa: E402
import explain_measures  # noqa: E402
import explore_measures  # noqa: E402
import measures  # noqa: E402
import report_measures  # noqa: E402

ALL = measures.ALL | backbone_measures.ALL | augmentation.ALL | baseline_measures.ALL | explain_measures.ALL | explore_measures.ALL | report_measures.ALL | ascents.ALL


def target_met(result):
    """None when there is no target."""
    if "at_least" in result:
        return result["value"] >= result["at_least"]
    if "at_most" in result:
        return result["value"] <= result["at_most"]
    return None


def line(result):
    met = target_met(result)
    target = f">= {result['at_least']}" if "at_least" in result else f"<= {result['at_most']}" if "at_most" in result else ""
    mark = {None: "", True: "ok", False: "MISSED"}[met]
    return f"{result['name']:<58} {result['value']:>10.4g} {result['unit']:<10} {target:>8} {mark:<6} {result.get('note', '')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=int, default=4750, help="size of the image set (4750)")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each trainer (5)")
    parser.add_argument("--only", default="", help="names of measures, comma-separated: " + ", ".join(ALL))
    arguments = parser.parse_args()

    os.environ["SEEDBED_BUILD_DIR"] = str(arguments.build_dir.resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sb-bench-"))
    output = arguments.build_dir.parent / "bench"
    output.mkdir(parents=True, exist_ok=True)
    results = []
    try:
        context = measures.Context(folder=folder, images=arguments.images, epochs=arguments.epochs)
        for name in arguments.only.split(",") if arguments.only else ALL:
            print(f"--- {name}", flush=True)
            for result in ALL[name](context):
                results.append(result | {"measure": name, "met": target_met(result)})
                print(line(result), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (output / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{'what':<58} {'value':>10} {'unit':<10} {'target':>8}")
    print("\n".join(map(line, results)))
    print(f"(also in {output / 'results.json'})")


if __name__ == "__main__":
    main()
