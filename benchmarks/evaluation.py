"""Intervals of 100,000 predictions, beside a loop over scikit-learn.

    python benchmarks/evaluation.py

2,000 resamples of seven figures at a threshold, AUROC, average precision and Brier score. The
peer draws the same resamples, repeats the rows of the drawn patients and calls scikit-learn for
each figure; it is timed on a few resamples and scaled.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn import metrics

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from tomocalc.evaluation.bootstrap import draw_groups, grouped_bootstrap
from tomocalc.evaluation.froc import FALSE, FreeResponse, froc

ROWS, RESAMPLES, FEW, THRESHOLD = 100_000, 2_000, 5, 0.3


def predictions(patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, scores and patients of made-up candidates, 3 % of them calcifications."""
    draw = np.random.default_rng(0)
    label = (draw.random(ROWS) < 0.03).astype(np.int8)
    score = np.clip(draw.beta(1, 8, ROWS) + 0.3 * label * draw.random(ROWS), 0, 1)
    return label, score, (np.arange(ROWS) * patients // ROWS).astype(np.int32)


def loop(label: np.ndarray, score: np.ndarray, patient: np.ndarray, resamples: int) -> None:
    """Resample as a user of scikit-learn would."""
    clusters = int(patient.max()) + 1
    for times in draw_groups(np.random.default_rng(1), clusters, resamples):
        rows = np.repeat(np.arange(len(label)), times[patient])
        truth, given = label[rows], score[rows]
        called = given >= THRESHOLD
        metrics.precision_recall_fscore_support(truth, called, average="binary")
        metrics.accuracy_score(truth, called)
        metrics.balanced_accuracy_score(truth, called)
        metrics.matthews_corrcoef(truth, called)
        metrics.recall_score(truth, called, pos_label=0)
        metrics.roc_auc_score(truth, given)
        metrics.average_precision_score(truth, given)
        metrics.brier_score_loss(truth, given)


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU time of *work*."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def response() -> FreeResponse:
    """100,000 marks of 1,000 patients with two volumes each and 3,000 findings."""
    draw = np.random.default_rng(0)
    _, score, patient = predictions(1_000)
    finding_patient = np.sort(draw.integers(0, 1_000, 3_000))
    finding = np.full(ROWS, FALSE)
    hits = np.searchsorted(patient, finding_patient) + draw.integers(0, 100, 3_000)
    finding[hits] = np.arange(3_000)
    return FreeResponse(
        score, finding, patient.astype(np.int64), finding_patient, np.repeat(np.arange(1_000), 2)
    )


def main() -> None:
    """Print a Markdown table."""
    print("| what | wall s | CPU s |\n|---|---|---|")
    for name, patients in (("1,000 patients", 1_000), ("every row its own", ROWS)):
        data = predictions(patients)
        wall, cpu = seconds(
            lambda data=data: grouped_bootstrap(
                *data, threshold=THRESHOLD, resamples=RESAMPLES, seed=1
            )
        )
        print(f"| tomocalc, 2,000 resamples, {name} | {wall:.1f} | {cpu:.1f} |")
        wall, cpu = (RESAMPLES / FEW * value for value in seconds(lambda d=data: loop(*d, FEW)))
        print(
            f"| scikit-learn in a loop, {name} ({FEW} resamples, scaled) | {wall:.0f} | {cpu:.0f} |"
        )
    draw = {"resamples": RESAMPLES, "confidence": 0.95, "seed": 1}
    marks = response()
    wall, cpu = seconds(lambda: froc(marks, threshold=THRESHOLD, **draw))
    print(f"| tomocalc, FROC of 100,000 marks with its band | {wall:.1f} | {cpu:.1f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\nLargest memory: {peak:.0f} MB.")


if __name__ == "__main__":
    main()
