"""Files of weights as others write them, with random numbers: real names, real shapes."""

import h5py
import numpy
import torch

VGG16_CONVOLUTIONS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def write_vgg16_h5(path, seed=1):
    """Keras's vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5; returns {layer/kernel: HWIO array, layer/bias: ...}."""
    generator = numpy.random.default_rng(seed)
    weights, channels = {}, 3
    with h5py.File(path, "w") as file:
        layers = []
        for block, widths in enumerate(VGG16_CONVOLUTIONS, 1):
            for place, filters in enumerate(widths, 1):
                layer = f"block{block}_conv{place}"
                kernel = generator.standard_normal((3, 3, channels, filters), dtype=numpy.float32) * 0.05
                arrays = {"kernel": kernel, "bias": generator.standard_normal(filters, dtype=numpy.float32) * 0.05}
                group = file.create_group(layer)
                names = {"kernel": f"{layer}_W_1:0", "bias": f"{layer}_b_1:0"}
                group.attrs["weight_names"] = [name.encode() for name in names.values()]
                for leaf, name in names.items():
                    group.create_dataset(name, data=arrays[leaf])
                    weights[f"{layer}/{leaf}"] = arrays[leaf]
                layers.append(layer)
                channels = filters
            file.create_group(f"block{block}_pool").attrs["weight_names"] = numpy.array([], "S1")
            layers.append(f"block{block}_pool")
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
    return weights


def _batch_norm(name, channels):
    return {
        f"{name}.weight": torch.rand(channels) + 0.5,
        f"{name}.bias": torch.randn(channels) * 0.1,
        f"{name}.running_mean": torch.randn(channels) * 0.1,
        f"{name}.running_var": torch.rand(channels) + 0.5,
        f"{name}.num_batches_tracked": torch.tensor(7),
    }


def resnet18_state(classes=1000, seed=1):
    """The state dictionary of torchvision's resnet18."""
    torch.manual_seed(seed)
    state = {"conv1.weight": torch.randn(64, 3, 7, 7) * 0.05} | _batch_norm("bn1", 64)
    channels = 64
    for stage, filters in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            prefix = f"layer{stage}.{block}"
            state |= {f"{prefix}.conv1.weight": torch.randn(filters, channels, 3, 3) * 0.05} | _batch_norm(f"{prefix}.bn1", filters)
            state |= {f"{prefix}.conv2.weight": torch.randn(filters, filters, 3, 3) * 0.05} | _batch_norm(f"{prefix}.bn2", filters)
            if channels != filters:
                state |= {f"{prefix}.downsample.0.weight": torch.randn(filters, channels, 1, 1) * 0.1}
                state |= _batch_norm(f"{prefix}.downsample.1", filters)
            channels = filters
    return state | {"fc.weight": torch.randn(classes, 512) * 0.05, "fc.bias": torch.randn(classes) * 0.05}
