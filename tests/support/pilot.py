"""Predictions of a pilot, from which a study is planned."""

import numpy as np
import polars as pl


def pilot(patients: int = 24, seed: int = 0) -> pl.DataFrame:
    """Return patients of four candidates; of every second one two are calcifications."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), 4)
    label = (who % 2 == 0) & (np.arange(len(who)) % 4 < 2)
    shared = generator.normal(0, 0.5, patients)[who] + generator.normal(0, 0.7, len(who))
    scores = [mean * label + shared + generator.normal(0, 0.7, len(who)) for mean in (1.6, 1.2)]
    return pl.DataFrame(
        {"patient_id": who, "label": label.astype(np.int8), "probability": scores[0]}
    ).with_columns(other=pl.Series(np.round(scores[1], 1)))
