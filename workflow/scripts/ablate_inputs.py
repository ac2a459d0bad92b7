"""Train the model without one feature after another, or on fewer slices, patient by patient."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from tomocalc.accounts.experiments import Ablation, Variant
from tomocalc.errors import fault
from tomocalc.evaluation.account import precision_recall
from tomocalc.experiments.cross_validation import Experiment, Scores
from tomocalc.log import run
from tomocalc.pages.experiments import experiment_page
from tomocalc.pages.frame import write_page
from tomocalc.sections import EvaluationSection, NetworkSection, SequenceSection

TRAININGS = 3
"""Of the sequence and its controls, so that its gain is told from the chance of a training."""
Input = tuple[str, list[str], int]
"""Name, features, slices."""


def main(
    *,
    what: Literal["features", "slices", "sequence"],
    candidates: str,
    splits: str,
    features: list[str],
    sequence: SequenceSection,
    model: NetworkSection,
    impute: str,
    folds: int,
    evaluation: EvaluationSection,
    source: str,
    seed: int,
    figures: str,
    page: str,
    threads: int = 1,
    words: Mapping[str, str] | None = None,
) -> None:
    """Cross-validate the whole model and every reduced one; write *figures* (JSON) and *page*.

    Parameters
    ----------
    what
        ``features``: each left out in turn; ``slices``: 1, 3, 5, … of the sequence;
        ``sequence``: the best slice alone, with the curves of both, and controls that are no
        LSTM: trees on one slice, with the number of slices that a candidate spans, with the
        contrast to the slices around. Each is trained `TRAININGS` times.
    model
        As in `Experiment`.

    Raises
    ------
    TomocalcError
        ``E101`` when there is nothing to leave out.
    """
    reduced = _variants(what, features, sequence)
    experiment = Experiment.read(
        candidates, splits, model=model, impute=impute, folds=folds, seed=seed, threads=threads
    )

    trainings = TRAININGS if what == "sequence" else 1
    trained = [replace(experiment, seed=seed + number) for number in range(trainings)]

    def scores(variant: Input) -> Scores:
        name, used, slices = variant
        kind: SequenceSection = {**sequence, "slices": slices}
        return np.stack([one.scores(name, features=used, sequence=kind) for one in trained])

    whole = scores(("whole", features, sequence["slices"]))
    found = {variant[0]: scores(variant) for variant in reduced}
    drawn = {"whole": whole, **found} if what == "sequence" else {}
    if what == "sequence":
        spans = experiment.table["slices_spanned"].null_count() == 0
        for name, used, slices in _controls(features, sequence["slices"], spans=spans):
            found[name] = np.stack(
                [one.tree_scores(features=used, slices=slices) for one in trained]
            )
    account = Ablation(
        what=what,
        candidates=len(experiment.rows),
        positives=int(experiment.label.sum()),
        patients=len(np.unique(experiment.group)),
        folds=folds,
        trainings=trainings,
        model=model,
        slices=sequence["slices"],
        confidence=evaluation["confidence"],
        variants=tuple(
            Variant(name=name, figures=experiment.paired(whole, score, evaluation))
            for name, score in found.items()
        ),
        curves={
            name: precision_recall(experiment.label, score[0]) for name, score in drawn.items()
        },
    )
    account.write(figures)
    write_page(page, experiment_page(account, source=source), words)


def _controls(features: list[str], slices: int, *, spans: bool) -> list[Input]:
    spanned = [*features, *({"slices_spanned"} - set(features))]
    found = [
        ("trees, 1 slice", features, 1),
        ("trees, 1 slice and slices spanned", spanned, 1),
        ("trees, contrast to the slices around", features, slices),
    ]
    return found if spans else [found[0], found[2]]


def _variants(what: str, features: list[str], sequence: SequenceSection) -> list[Input]:
    slices = sequence["slices"]
    if what == "features":
        found = [
            (f"without {name}", [other for other in features if other != name], slices)
            for name in features
        ]
        possible = len(features) > 1
    else:
        counts = range(1, slices, 2) if what == "slices" else [1]
        found = [(f"{count} slice{'s' * (count > 1)}", features, count) for count in counts]
        possible = sequence["kind"] == "slices" and slices > 1
    if not possible:
        why = f"the model reads {len(features)} features of {slices} slices, {sequence['kind']}"
        raise fault("nothing_to_leave_out", "configuration keys features and sequence", why)
    return found


if __name__ == "__main__":
    run(main, snakemake)
