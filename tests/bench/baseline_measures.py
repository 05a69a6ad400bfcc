"""What `./run bench` measures of pictures: how the logistic baseline learns from photographs as they are, without their background, without
their mean, and without both, over three seeds. Measures yield results as in measures.py."""

import statistics

from backbone_measures import photographs

SEEDS = (0, 1, 2)
EPOCHS = 10
PREPARED = {
    "as they are": ["--center", "none"],
    "without background": ["--center", "none", "--pipeline", "remove_background"],
    "minus the mean image": ["--center", "mean_image"],
    "without background, minus the mean image": ["--center", "mean_image", "--pipeline", "remove_background"],
}


def train(service, seed, options):
    """(epochs, whether the service warned that training is unstable); SGD with a learning rate of 0.01."""
    fixed = ["--dataset", "photos", "--split", "default", "--arch", "logistic", "--epochs", EPOCHS, "--lr", 0.01, "--model", "baseline"]
    lines = service.json_lines("train", *fixed, "--seed", seed, *options, timeout=600)
    epochs = [line for line in lines if line.get("type") == "epoch"]
    return epochs, any(line.get("code") == "unstable_loss" for line in lines)


def baseline_pictures(context):
    """Loss of the first epoch, worst loss, and accuracy on 12 images of each class that were not trained on, mean of three seeds."""
    service = context.service("--devices", "cpu")
    try:
        service.cli("dataset", "add", "photos", photographs(context), timeout=600)
        service.cli("split", "photos", "--per-class", 12)
        for name, options in PREPARED.items():
            runs = [train(service, seed, options) for seed in SEEDS]
            losses = [[epoch["loss"] for epoch in epochs] for epochs, _ in runs]
            warned = sum(warned for _, warned in runs)
            falls = sum(loss[1] < loss[0] and max(loss) == loss[0] for loss in losses)
            note = f"first {statistics.mean(loss[0] for loss in losses):.3g}, last {statistics.mean(loss[-1] for loss in losses):.3g}; "
            note += f"never above the first in {falls} of {len(SEEDS)} seeds, warnings in {warned}"
            yield {"name": f"{name}: worst loss", "value": statistics.mean(max(loss) for loss in losses), "unit": "", "note": note}
            accuracies = [epochs[-1]["val_accuracy"] for epochs, _ in runs]
            shown = ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)
            yield {"name": f"{name}: validation accuracy", "value": statistics.mean(accuracies), "unit": "", "note": shown}
    finally:
        service.close()


ALL = {"baseline_pictures": baseline_pictures}
