"""The same training, done by PyTorch and by Keras: float32 on the CPU, the same batches in the same order."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402  (the backend is chosen by the line above)
import numpy  # noqa: E402
import torch  # noqa: E402


def batches(count, batch_size):
    return [slice(first, min(first + batch_size, count)) for first in range(0, count, batch_size)]


def torch_optimizer(parameters, settings):
    if settings.get("optimizer", "sgd") == "adam":
        return torch.optim.Adam(parameters, lr=settings["lr"], eps=settings["epsilon"])
    return torch.optim.SGD(parameters, lr=settings["lr"], momentum=settings.get("momentum", 0), nesterov=settings.get("nesterov", False))


def train_torch(training, dtype=torch.float32):
    """{"losses", "val_losses", "weight", "bias"}"""
    settings = training.settings
    x, y = (torch.from_numpy(array) for array in training.pixels("training"))
    val_x, val_y = (torch.from_numpy(array) for array in training.pixels("validation"))
    x, val_x = x.flatten(1).to(dtype), val_x.flatten(1).to(dtype)
    model = torch.nn.Linear(x.shape[1], len(training.report["classes"]), dtype=dtype)
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(training.initial["dense.weight"]))
        model.bias.copy_(torch.from_numpy(training.initial["dense.bias"]))
    optimizer = torch_optimizer(model.parameters(), settings)
    losses, val_losses = [], []
    for _ in range(settings["epochs"]):
        total = 0.0
        for batch in batches(len(x), settings.get("batch_size", 32)):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y[batch])
        losses.append(total / len(x))
        with torch.no_grad():
            val_losses.append(torch.nn.functional.cross_entropy(model(val_x), val_y).item())
    return {"losses": losses, "val_losses": val_losses, "weight": model.weight.detach().numpy(), "bias": model.bias.detach().numpy()}


def keras_optimizer(settings):
    if settings.get("optimizer", "sgd") == "adam":
        return keras.optimizers.Adam(learning_rate=settings["lr"], epsilon=settings["epsilon"])
    return keras.optimizers.SGD(learning_rate=settings["lr"], momentum=settings.get("momentum", 0.0), nesterov=settings.get("nesterov", False))


def train_keras(training):
    """{"losses", "weight", "bias"}, the weight turned into PyTorch's layout"""
    settings = training.settings
    x, y = training.pixels("training")
    classes = len(training.report["classes"])
    model = keras.Sequential([keras.layers.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(classes)])
    model.layers[-1].set_weights([training.initial["dense.weight"].T, training.initial["dense.bias"]])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras_optimizer(settings), loss=loss)
    history = model.fit(x, numpy.eye(classes, dtype=numpy.float32)[y], batch_size=settings.get("batch_size", 32), epochs=settings["epochs"],
                        shuffle=False, verbose=0)
    weight, bias = model.layers[-1].get_weights()
    return {"losses": history.history["loss"], "weight": weight.T, "bias": bias}
