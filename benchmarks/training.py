"""Seconds per epoch of the paper's network, beside Keras; and what a second worker brings.

    python benchmarks/training.py --keras-python <interpreter with keras and tensorflow>

Both train the same 128-64-32 stack on the same 12,152 rows (1,519 held out and scored every
epoch), batch 500, one thread, with checkpoint every 5 epochs, early stopping and a log; rounds
alternate. Median of the epochs after the first. CPU seconds are what the work costs; wall
seconds are longer on a busy machine. Without --keras-python only this project is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from measuring import head

if TYPE_CHECKING:
    from tomocalc.model.recipe import TrainingSettings

ROWS, HELD_OUT, FEATURES, BATCH = 12_152, 1_519, 6, 500
STEPS = {"6 steps of 1 feature": (6, 1), "1 step of 6 features": (1, 6)}
Times = list[tuple[float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--keras-python", help="interpreter that has keras and tensorflow")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=["ours", "keras"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        steps = json.loads(sys.stdin.read())
        measured = {"ours": ours, "keras": keras}[options.measure](steps, options.epochs)
        sys.stdout.write(json.dumps(measured))
        return
    pythons = {"ours": sys.executable}
    if options.keras_python:
        pythons["keras"] = options.keras_python
    print(head("input", "who", "CPU s per epoch", "wall s per epoch", "CPU ratio"))
    for name, steps in STEPS.items():
        times: dict[str, Times] = {who: [] for who in pythons}
        for _ in range(options.rounds):
            for who, python in pythons.items():
                times[who] += _in_a_process(python, who, steps, options.epochs)
        cost = {
            who: [median(part) for part in zip(*found, strict=True)] for who, found in times.items()
        }
        for who, (cpu, wall) in cost.items():
            ratio = f"{cpu / cost['keras'][0]:.2f}" if "keras" in cost else ""
            print(f"| {name} | {who} | {cpu:.3f} | {wall:.3f} | {ratio} |", flush=True)


def _in_a_process(python: str, who: str, steps: tuple[int, int], epochs: int) -> Times:
    threads = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [python, __file__, "--measure", who, "--epochs", str(epochs)],
        input=json.dumps(steps),
        env=os.environ | threads,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def data(steps: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of noise with a signal, (row, step, feature), and labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS + HELD_OUT, *steps)).astype(np.float32)
    y = (x.sum(axis=(1, 2)) + rng.normal(size=len(x)) > 0).astype(np.float32)
    return x, y


class Clock:
    """CPU and wall seconds between calls."""

    def __init__(self) -> None:
        self.last = time.process_time(), time.perf_counter()
        self.times: Times = []

    def __call__(self, *_: object) -> None:
        """Take the time since the last call."""
        now = time.process_time(), time.perf_counter()
        self.times.append((now[0] - self.last[0], now[1] - self.last[1]))
        self.last = now


def paper_settings(epochs: int) -> TrainingSettings:
    """Return the paper's training, a checkpoint every 5 epochs, a patience that never ends."""
    from tomocalc.model.recipe import TrainingSettings  # another interpreter runs Keras

    return TrainingSettings(
        learning_rate=1e-3,
        schedule="constant",
        weight_decay=0.0,
        batch_size=BATCH,
        epochs=epochs,
        patience=epochs,
        monitor="loss",
        imbalance="none",
        precision="float32",
        checkpoint_every=5,
    )


def ours(steps: tuple[int, int], epochs: int) -> Times:
    """Train as `train_lstm` does, progress and checkpoints included."""
    import logging

    from tomocalc.log import Progress
    from tomocalc.model.card import NetworkShape
    from tomocalc.model.device import choose_device
    from tomocalc.model.training import Batch, Checkpoint, Row, train

    device = choose_device("cpu")
    x, y = data(steps)
    mask = np.ones(x.shape[:2], bool)
    parts = [
        Batch.of(x[rows], mask[rows], y[rows], device) for rows in (slice(ROWS), slice(ROWS, None))
    ]
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        logging.basicConfig(filename=f"{folder}/log", level=logging.INFO)
        progress = Progress("epoch", epochs)

        def report(row: Row) -> None:
            number = row["epoch"]
            assert isinstance(number, int)
            progress(number, loss=row["loss"], validation_loss=row["validation_loss"])
            clock()

        train(
            shape=NetworkShape(inputs=steps[1]),
            settings=paper_settings(epochs),
            training=parts[0],
            validation=parts[1],
            seed=1,
            checkpoint=Checkpoint(Path(folder) / "state", "benchmark"),
            report=report,
        )
    return clock.times[1:]


def keras(steps: tuple[int, int], epochs: int) -> Times:
    """Train the same network with Keras, in the way of its own examples."""
    import keras as k  # pyright: ignore[reportMissingImports]
    import tensorflow as tf  # pyright: ignore

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, y = data(steps)
    layers: list[object] = [k.Input(steps)]
    for units, sequences in ((128, True), (64, True), (32, False)):
        layers += [k.layers.LSTM(units, return_sequences=sequences), k.layers.Dropout(0.1)]
    model = k.Sequential([*layers, k.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        model.fit(
            x[:ROWS],
            y[:ROWS],
            validation_data=(x[ROWS:], y[ROWS:]),
            batch_size=BATCH,
            epochs=epochs,
            verbose=0,
            callbacks=[
                k.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True),
                k.callbacks.ModelCheckpoint(
                    f"{folder}/best.weights.h5", save_weights_only=True, save_freq=5 * 25
                ),
                k.callbacks.CSVLogger(f"{folder}/log.csv"),
                k.callbacks.LambdaCallback(on_epoch_end=clock),
            ],
        )
    return clock.times[1:]


if __name__ == "__main__":
    main()
