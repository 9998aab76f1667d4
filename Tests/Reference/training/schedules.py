"""Writes schedules.json: learning rates and stops as PyTorch and Keras compute them.

Versions: torch 2.15, keras 3 on it.

    python schedules.py > schedules.json
"""
import json
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch


def one_cycle(peak, steps, **settings):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps, **settings)
    rates = []
    for step in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        if step + 1 < steps:
            schedule.step()
    return rates


def cosine(peak, steps, final, warmup):
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else peak, steps - warmup, alpha=final,
        warmup_target=peak if warmup else None, warmup_steps=warmup)
    return [float(schedule(step)) for step in range(steps + 1)]


def validations(seed, count):
    random = np.random.default_rng(seed)
    return [round(float(v), 4) for v in 1 / np.arange(1, count + 1) + random.normal(size=count) * 0.08]




def plateau(history, **settings):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 1.0
    callback = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", min_lr=0, **settings)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(history):
        callback.on_epoch_end(epoch, {"val_loss": value})
        rates.append(float(model.optimizer.learning_rate))
    return rates


def stop(history, **settings):
    """The number of validations that are made, None when all are."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", **settings)
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    for epoch, value in enumerate(history):
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            return epoch + 1
    return None


histories = [validations(seed, 24) for seed in range(3)]
print(json.dumps({
    "oneCycle": [
        {"peak": 0.01, "steps": 40, "rising": 0.3, "start": 25, "final": 1e4, "rates": one_cycle(0.01, 40)},
        {"peak": 0.5, "steps": 17, "rising": 0.45, "start": 10, "final": 100,
         "rates": one_cycle(0.5, 17, pct_start=0.45, div_factor=10, final_div_factor=100)}],
    "cosine": [{"peak": p, "steps": s, "final": f, "warmup": w, "rates": cosine(p, s, f, w)}
               for p, s, f, w in [(0.001, 20, 0.0, 0), (0.1, 30, 0.05, 0), (0.02, 25, 0.1, 5)]],
    "plateau": [
        {"history": h, "factor": f, "patience": p, "minimumChange": m, "cooldown": c,
         "shares": plateau(h, factor=f, patience=p, min_delta=m, cooldown=c)}
        for h, (f, p, m, c) in zip(histories, [(0.5, 3, 1e-4, 0), (0.1, 2, 0.02, 2), (0.2, 1, 1e-4, 1)])],
    "stopping": [{"history": h, "patience": p, "minimumChange": m, "stops": stop(h, patience=p, min_delta=m)}
                 for h in histories for p, m in [(2, 0.0), (4, 0.01), (30, 0.0)]],
}))
