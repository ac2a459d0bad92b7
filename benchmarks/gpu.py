"""Training on a CUDA device: `python benchmarks/gpu.py`.

The paper's network on the rows of `benchmarks/training.py`: epochs per second on the card and of
one CPU thread; then whether two trainings have the same bits, and how far the losses are from
those of the CPU (without dropout, whose random numbers differ). Where there is no CUDA device, it
says so.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time

import torch
from measuring import head
from training import ROWS, STEPS, data, paper_settings

from tomocalc.model.card import NetworkShape
from tomocalc.model.device import choose_device, why_no_cuda
from tomocalc.model.training import Batch, Row, Trained, train

EPOCHS = {"CUDA": 20, "CPU, one thread": 4}


def trained(
    who: str, steps: tuple[int, int], *, dropout: float, epochs: int
) -> tuple[Trained, float]:
    """Return a training and the median seconds of its epochs but the first."""
    device = choose_device("cpu" if who.startswith("CPU") else "cuda")
    x, y = data(steps)
    part = Batch(
        *(
            torch.as_tensor(v[:ROWS], device=device)
            for v in (x, torch.full((len(x),), steps[0] - 1), y)
        )
    )
    ends: list[float] = []

    def end(_: Row) -> None:
        ends.append(time.perf_counter())  # the epoch's loss has been read: the device is idle

    found = train(
        shape=NetworkShape(inputs=steps[1], dropout=dropout),
        settings=paper_settings(epochs),
        training=part,
        validation=None,
        seed=1,
        report=end,
    )
    return found, statistics.median(b - a for a, b in itertools.pairwise(ends))


def losses(training: Trained) -> list[float]:
    """Return the loss of every epoch."""
    return [float(row["loss"] or 0) for row in training.history]


def main() -> None:
    if not torch.cuda.is_available():
        sys.exit(f"there is nothing to measure: {why_no_cuda()}")
    print(head(f"{torch.cuda.get_device_name()}", "input", "epochs per s", "ratio to the CPU"))
    for name, steps in STEPS.items():
        speed = {
            who: 1 / trained(who, steps, dropout=0.1, epochs=epochs)[1]
            for who, epochs in EPOCHS.items()
        }
        for who, each in speed.items():
            print(
                f"| {who} | {name} | {each:.1f} | {each / speed['CPU, one thread']:.2f} |",
                flush=True,
            )
    steps = STEPS["6 steps of 1 feature"]
    first, second = (trained("CUDA", steps, dropout=0.1, epochs=20)[0] for _ in range(2))
    weights = zip(
        first.model.state_dict().values(), second.model.state_dict().values(), strict=True
    )
    equal = all(torch.equal(a, b) for a, b in weights) and first.history == second.history
    gpu, cpu = (
        losses(trained(who, steps, dropout=0.0, epochs=10)[0])
        for who in ("CUDA", "CPU, one thread")
    )
    apart = max(abs(a - b) / b for a, b in zip(gpu, cpu, strict=True))
    print("\n| two trainings | largest difference of a loss from the CPU's |\n|---|---:|")
    print(f"| {'the same bits' if equal else 'DIFFERENT bits'} | {apart:.1e} of it |")


if __name__ == "__main__":
    main()
