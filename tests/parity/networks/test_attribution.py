"""Attribution against Captum and PyTorch, on the same weights and images."""

import copy

import captum.attr
import numpy
import pytest
import torch

from peer_networks import EfficientNetLite0, Resnet, Vgg16
from test_networks import photographs

TOLERANCE = 1e-4  # of a map's largest value
SIDE = 150
STEPS = 50


class Peer:
    """A network that Captum can run, with what our tool needs to be told of it. `layer`: the module and our name of it."""

    def __init__(self, settings, weights, model, layer, image):
        self.settings, self.weights, self.model, self.layer = settings, weights, model, layer
        self.image = image.astype(numpy.float32)
        self.tensor = torch.from_numpy(self.image.transpose(2, 0, 1)[None].copy())
        with torch.inference_mode():
            self.class_index = int(model(self.tensor).argmax())


@pytest.fixture(scope="module")
def efficientnet():
    network = EfficientNetLite0(SIDE)
    settings = {"arch": "efficientnet_lite0", "side": SIDE, "classes": 1000}
    return Peer(settings, network.weights, network.model, (network.model._bn1, "top_bn"), photographs(SIDE)[7])


@pytest.fixture(scope="module")
def resnet():
    network = Resnet(18, classes=100)
    image = numpy.random.default_rng(5).uniform(-1, 1, (97, 97, 3))
    return Peer({"arch": "resnet18", "side": 97, "classes": 100}, network.weights, network, (network.layer4[1], "conv5_block2_out"), image)


@pytest.fixture(params=["efficientnet", "resnet"])
def peer(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def explain(run_tool):
    """explain(peer, method, **settings): what attribution_tool makes of the peer's image."""

    def run(peer, method, **settings):
        settings = {"class": peer.class_index} | peer.settings | settings
        return run_tool("attribution_tool", peer.weights, peer.image[None], method=method, **settings)[0]

    return run


def check(ours, theirs):
    assert ours.shape == theirs.shape
    assert numpy.abs(theirs).max() > 0
    distance = numpy.abs(ours - theirs).max() / numpy.abs(theirs).max()
    assert distance <= TOLERANCE, distance


def test_saliency_is_captums(explain, peer):
    theirs = captum.attr.Saliency(peer.model).attribute(peer.tensor.clone(), target=peer.class_index, abs=True)
    check(explain(peer, "saliency")["map"], theirs[0].amax(0).detach().numpy())


def test_integrated_gradients_are_captums(explain, peer):
    """In double precision, unless Captum's own numbers in single precision are not as near to those either: on the way to an image some
    rectifiers lie so near to 0 that rounding decides."""

    def attribute(model, tensor):
        method = captum.attr.IntegratedGradients(model)
        theirs = method.attribute(tensor, 0 * tensor, peer.class_index, n_steps=STEPS, method="riemann_middle", internal_batch_size=10)
        return theirs[0].sum(0).numpy()

    ours, single = explain(peer, "integrated_gradients", steps=STEPS)["map"], attribute(peer.model, peer.tensor)
    double = attribute(copy.deepcopy(peer.model).double(), peer.tensor.double())
    distance, own_distance = (numpy.abs(map - double).max() / numpy.abs(double).max() for map in (ours, single))
    print(f"integrated gradients are {distance:.1e} from Captum's in double precision, Captum's in single precision {own_distance:.1e}")
    assert distance <= max(TOLERANCE, 1.1 * own_distance)


def test_integrated_gradients_are_complete(explain, efficientnet):
    with torch.inference_mode():
        rise = float((efficientnet.model(efficientnet.tensor) - efficientnet.model(0 * efficientnet.tensor))[0, efficientnet.class_index])
    missing = {steps: abs(explain(efficientnet, "integrated_gradients", steps=steps)["map"].sum() - rise) / abs(rise) for steps in (STEPS, 400)}
    print(f"integrated gradients miss {missing} of the logit's rise by {rise:.3f}")
    assert missing[STEPS] < 0.05 and missing[400] < 0.01


def test_grad_cam_is_captums(explain, peer):
    module, layer = peer.layer
    theirs = captum.attr.LayerGradCam(peer.model, module).attribute(peer.tensor, peer.class_index, relu_attributions=True)
    ours = explain(peer, "gradcam", layer=layer)
    check(ours["map"], theirs[0, 0].detach().numpy())
    side = peer.settings["side"]
    larger = captum.attr.LayerAttribution.interpolate(theirs, (side, side), interpolate_mode="bilinear")
    check(ours["upsampled"], larger[0, 0].detach().numpy())


def test_occlusion_is_captums_and_a_plain_loops(explain, efficientnet):
    def probability(images):
        return torch.softmax(efficientnet.model(images), 1)

    window, stride = 24, 12
    mean = efficientnet.tensor.mean((2, 3), keepdim=True).expand_as(efficientnet.tensor)
    ours = explain(efficientnet, "occlusion", window=window, stride=stride)["map"]
    with torch.inference_mode():
        theirs = captum.attr.Occlusion(probability).attribute(
            efficientnet.tensor, (3, window, window), (3, stride, stride), mean, efficientnet.class_index, perturbations_per_eval=8
        )
        check(ours, theirs[0, 0].numpy())
        side = efficientnet.settings["side"]
        falls, counts = numpy.zeros((side, side)), numpy.zeros((side, side))
        whole = float(probability(efficientnet.tensor)[0, efficientnet.class_index])
        for top in range(0, side - window + stride, stride):
            for left in range(0, side - window + stride, stride):
                covered = efficientnet.tensor.clone()
                at = numpy.s_[top : top + window, left : left + window]
                covered[0, :, *at] = mean[0, :, *at]
                falls[at] += whole - float(probability(covered)[0, efficientnet.class_index])
                counts[at] += 1
    check(ours, falls / counts)


def test_smoothgrad_is_near_that_of_other_noise(explain, efficientnet):
    """The noise is drawn by other generators: means over 200 copies are compared, whose error is known from two halves of ours."""
    noise = {"noise": 0.1, "samples": 200}
    ours, again = (explain(efficientnet, "smoothgrad", seed=seed, **noise)["map"] for seed in (1, 2))
    deviation = 0.1 * float(efficientnet.tensor.max() - efficientnet.tensor.min())
    generator = torch.Generator().manual_seed(3)
    theirs = 0
    for _ in range(20):
        copies = efficientnet.tensor + deviation * torch.randn((10, *efficientnet.tensor.shape[1:]), generator=generator)
        maps = captum.attr.Saliency(efficientnet.model).attribute(copies, target=efficientnet.class_index, abs=True)
        theirs = theirs + maps.amax(1).sum(0).detach().numpy() / 200
    between, own = numpy.abs(ours - theirs).mean(), numpy.abs(ours - again).mean()
    assert between < 1.15 * own, (between, own)
    assert abs(ours.mean() / theirs.mean() - 1) < 0.03


def test_vgg16_is_kerass(explain):
    """Keras with the torch backend: its images have their channels last, and its layers are no modules that Captum can hook."""
    import keras

    side, classes = 64, 100
    network = Vgg16(side, classes)
    image = numpy.random.default_rng(3).uniform(-128, 128, (side, side, 3))
    vgg = Peer({"arch": "vgg16", "side": side, "classes": classes}, network.weights, lambda x: network.model(x.permute(0, 2, 3, 1)), None, image)
    x = vgg.tensor.clone().requires_grad_()
    logit = vgg.model(x)[0, vgg.class_index]
    (gradient,) = torch.autograd.grad(logit, x)
    check(explain(vgg, "saliency")["map"], gradient[0].abs().amax(0).numpy())
    both = keras.Model(network.model.inputs, [network.model.get_layer("block5_conv3").output, network.model.output])
    maps, logits = both(vgg.tensor.permute(0, 2, 3, 1).requires_grad_())
    (gradient,) = torch.autograd.grad(logits[0, vgg.class_index], maps)
    cam = torch.relu((maps * gradient.mean((1, 2), keepdim=True)).sum(3))[0]
    check(explain(vgg, "gradcam", layer="block5_conv3")["map"], cam.detach().numpy())
