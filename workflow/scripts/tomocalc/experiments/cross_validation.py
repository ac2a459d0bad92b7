"""One cross-validation on the candidates of a split, repeated for one input after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from tomocalc.accounts.figures import Paired
from tomocalc.errors import fault
from tomocalc.evaluation.weighted import paired_figures
from tomocalc.log import Progress
from tomocalc.model.device import choose_device
from tomocalc.model.fitting import Rows, fit
from tomocalc.model.forest import probability
from tomocalc.model.growing import grow
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.recipe import Recipe
from tomocalc.model.release import tree_inputs
from tomocalc.model.sequences import Samples, build_samples
from tomocalc.parquet import read_parquet
from tomocalc.sections import EvaluationSection, NetworkSection, SequenceSection

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Experiment:
    """The same candidates, folds and model for every input that is tried.

    Attributes
    ----------
    table
        ``candidates.parquet``.
    rows
        ``splits.parquet`` without repeated candidates: each is scored once.
    model
        Section of the configuration; tuned values are not used, because they were chosen on some
        of these candidates.
    impute
        ``none``, or how missing values are filled.
    """

    table: pl.DataFrame
    rows: pl.DataFrame
    model: NetworkSection
    impute: str
    folds: int
    seed: int
    device: torch.device

    @classmethod
    def read(
        cls,
        candidates: str,
        splits: str,
        *,
        model: NetworkSection,
        impute: str,
        folds: int,
        seed: int,
        threads: int,
    ) -> Experiment:
        """Read both tables and choose the device that *model* asks for."""
        device = choose_device(model["device"], precision=model["precision"], threads=threads)
        rows = read_parquet(splits).filter(pl.col("copy") == 0)
        return cls(read_parquet(candidates), rows, model, impute, folds, seed, device)

    @property
    def label(self) -> NDArray[np.int8]:
        """Label of every candidate."""
        return self.rows["label"].to_numpy()

    @property
    def group(self) -> NDArray[np.int32]:
        """Patient of every candidate, or what stands for one."""
        return self.rows["group"].to_numpy().astype(np.int32)

    def scores(self, name: str, *, features: list[str], sequence: SequenceSection) -> Scores:
        """Return the probability of every candidate by a network that has not seen its patient.

        *name* is what the log calls this input; *sequence* is a section of that name.
        """
        recipe = Recipe.of(
            self.model, features=features, sequence=sequence, impute=self.impute, seed=self.seed
        )
        return out_of_fold(
            self._samples(features, sequence),
            self.group,
            folds=self.folds,
            recipe=recipe,
            device=self.device,
            report=Progress(f"{name}: fold", self.folds),
        )

    def tree_scores(self, *, features: list[str], slices: int) -> Scores:
        """Return the same of trees, on the same folds: a control that is no LSTM.

        They read *features* at best focus and, of a sequence of more than one of the *slices*,
        how they differ from the slices around; see `tomocalc.model.forest.depth_features`.
        """
        samples = self._samples(features, {"kind": "slices", "slices": slices})

        def predict(training: Rows, rows: Rows) -> Scores:
            once = samples.first_uses(training)
            scale = fit_preprocessing(
                samples.x[once],
                samples.at_focus(once),
                features=len(features),
                scaler=self.model["scaler"],
                impute=self.impute,
            )
            x = tree_inputs(scale, samples.x, samples.mask, samples.focus)
            grown = grow(x[training], samples.y[training], seed=self.seed)
            return probability(grown.log_odds(x[rows]))

        return over_folds(samples, self.group, folds=self.folds, seed=self.seed, predict=predict)

    def _samples(self, features: list[str], sequence: SequenceSection) -> Samples:
        return build_samples(
            self.table, self.rows, features=features, sequence=sequence, impute=self.impute
        )

    def paired(
        self, whole: Scores, reduced: Scores, evaluation: EvaluationSection
    ) -> dict[str, Paired]:
        """Return `paired_figures` of two inputs' (training, row); *evaluation*: configured."""
        return paired_figures(
            self.label, (whole, reduced), self.group, confidence=evaluation["confidence"]
        )


def out_of_fold(
    samples: Samples,
    group: NDArray[np.int32],
    *,
    folds: int,
    recipe: Recipe,
    device: torch.device,
    report: Callable[[int], None] | None = None,
) -> Scores:
    """Return the probability of every sample by a network that has not seen its group."""

    def predict(training: Rows, rows: Rows) -> Scores:
        trained = fit(
            samples, training=training, validation=training[:0], recipe=recipe, device=device
        )
        return trained.probability(samples, rows)

    return over_folds(samples, group, folds=folds, seed=recipe.seed, predict=predict, report=report)


def over_folds(
    samples: Samples,
    group: NDArray[np.int32],
    *,
    folds: int,
    seed: int,
    predict: Callable[[Rows, Rows], Scores],
    report: Callable[[int], None] | None = None,
) -> Scores:
    """Return what *predict* says of every sample; it is given (training, held-out) rows.

    Folds are by group, stratified, and the same for every model of the same candidates.

    Raises
    ------
    TomocalcError
        ``E304`` when there are fewer groups with a calcification than folds.
    """
    held = len(np.unique(group[samples.y > 0]))
    if held < folds:
        why = f"{held} patients have a positive candidate, {folds} folds need one each"
        raise fault("too_few_for_validation", "splits.parquet of this run", why)
    cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    found = np.zeros(len(samples.y))
    for number, (training, rows) in enumerate(cutter.split(samples.x, samples.y, group)):
        found[rows] = predict(training, rows)
        if report:
            report(number + 1)
    return found
