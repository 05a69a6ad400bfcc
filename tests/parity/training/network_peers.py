"""The networks of test_networks.py in PyTorch and in Keras, trained on the same arrays in the same order from the same weights."""

import numpy
from peers import batches, keras, keras_optimizer, torch, torch_optimizer

CLASSES = 5

# As graph/edit.h takes them. The convolution before the batch norm has no bias: its gradient would be nothing but rounding, of which adam
# makes steps of its full rate.
DENSE = [{"dense": 64}, "relu", "batch_norm", {"dense": "classes"}]
CONVOLUTIONAL = [
    {"conv2d": {"filters": 8, "kernel": 3, "padding": "same", "bias": False}},
    "batch_norm",
    "relu",
    {"max_pool": 2},
    {"conv2d": {"filters": 16, "kernel": 3}},
    "relu",
    "global_average_pool",
    {"dense": "classes"},
]


class TorchDense(torch.nn.Module):
    def __init__(self, values):
        super().__init__()
        self.head_dense = torch.nn.Linear(values, 64)
        self.head_batch_norm = torch.nn.BatchNorm1d(64, eps=0.001, momentum=0.01)
        self.head_dense_1 = torch.nn.Linear(64, CLASSES)

    def forward(self, x):
        return self.head_dense_1(self.head_batch_norm(self.head_dense(x).relu()))


class TorchConvolutional(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head_conv2d = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.head_batch_norm = torch.nn.BatchNorm2d(8, eps=0.001, momentum=0.01)
        self.head_conv2d_1 = torch.nn.Conv2d(8, 16, 3)
        self.head_dense = torch.nn.Linear(16, CLASSES)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(self.head_batch_norm(self.head_conv2d(x.permute(0, 3, 1, 2))).relu(), 2)
        return self.head_dense(self.head_conv2d_1(x).relu().mean(dim=(2, 3)))


def soft_epochs(run, own):
    """For each epoch the mixed inputs and their shares of the classes."""
    mixed = {name: torch.from_numpy(array).reshape(run.settings["epochs"], len(own), -1) for name, array in run.mixed.items()}
    for rows, others, weights in zip(mixed["rows"], mixed["others"], mixed["weights"], strict=True):
        other = torch.nn.functional.one_hot(others.flatten().long(), CLASSES)
        yield rows.reshape(run.inputs.shape), weights * own + (1 - weights) * other


def train_torch(run):
    """(losses of the epochs, weights by our names)"""
    # Mixed inputs are others in each epoch, and have soft targets.
    x, y = torch.from_numpy(run.inputs), torch.nn.functional.one_hot(torch.from_numpy(run.labels).long(), CLASSES).float()
    epochs = [(x, y)] * run.settings["epochs"] if run.mixed is None else soft_epochs(run, y)
    model = TorchDense(x.shape[1]) if x.dim() == 2 else TorchConvolutional()
    missing = model.load_state_dict({name: torch.from_numpy(array) for name, array in run.initial.items()}, strict=False)
    assert not missing.unexpected_keys and all(name.endswith("num_batches_tracked") for name in missing.missing_keys)
    optimizer = torch_optimizer(model.parameters(), run.settings)
    losses, step = [], 0
    for x, y in epochs:
        total = 0.0
        for batch in batches(len(x), run.settings["batch_size"]):
            step += 1
            if "epsilon" in run.settings:
                # Keras adds epsilon before the bias correction, PyTorch after it.
                optimizer.param_groups[0]["eps"] = run.settings["epsilon"] / (1 - 0.999**step) ** 0.5
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y[batch])
        losses.append(total / len(x))
    return losses, {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def keras_layers(settings):
    """Keras's layers for a head's description, and ours by name."""
    counts, layers = {}, []
    for item in settings["head"]:
        kind, setting = (item, None) if isinstance(item, str) else next(iter(item.items()))
        count = counts[kind] = counts.get(kind, -1) + 1
        name = f"head_{kind}" + (f"_{count}" if count else "")
        if kind == "dense":
            layers.append(keras.layers.Dense(CLASSES if setting == "classes" else setting, name=name))
        elif kind == "conv2d":
            layers.append(keras.layers.Conv2D(setting["filters"], setting["kernel"], padding=setting.get("padding", "valid"),
                                              use_bias=setting.get("bias", True), name=name))
        elif kind == "max_pool":
            layers.append(keras.layers.MaxPooling2D(setting, name=name))
        else:
            plain = {"relu": keras.layers.ReLU, "batch_norm": keras.layers.BatchNormalization, "global_average_pool": keras.layers.GlobalAveragePooling2D}
            layers.append(plain[kind](name=name))
    return layers


LEAVES = ("weight", "bias", "running_mean", "running_var")


def to_keras(array):
    """A weight in Keras's layout: dense (inputs, units), conv2d (height, width, channels, filters)."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def from_keras(array):
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T


def train_keras(run):
    """(losses of the epochs, weights by our names)"""
    model = keras.Sequential([keras.layers.Input(run.inputs.shape[1:]), *keras_layers(run.settings)])
    for layer in model.layers:
        leaves = [leaf for leaf in LEAVES if f"{layer.name}.{leaf}" in run.initial]
        layer.set_weights([to_keras(run.initial[f"{layer.name}.{leaf}"]) for leaf in leaves])
        if "trainable" in run.settings:
            layer.trainable = layer.name in run.settings["trainable"]
    model.compile(optimizer=keras_optimizer(run.settings), loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    history = model.fit(run.inputs, numpy.eye(CLASSES, dtype=numpy.float32)[run.labels], batch_size=run.settings["batch_size"],
                        epochs=run.settings["epochs"], shuffle=False, verbose=0)
    weights = {}
    for layer in model.layers:
        leaves = [leaf for leaf in LEAVES if f"{layer.name}.{leaf}" in run.initial]
        for leaf, array in zip(leaves, layer.get_weights(), strict=True):
            weights[f"{layer.name}.{leaf}"] = from_keras(array)
    return history.history["loss"], weights
