"""Whether a model may be used on a volume, how far it is from its training, and what to know."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.doubts import doubt_sentence
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import Caution, Drift, VolumeScores
from tomocalc.accounts.settings import Settings
from tomocalc.errors import fault, raise_all
from tomocalc.metrics import BINS, stability
from tomocalc.model.card import Distribution, Domain, ModelCard
from tomocalc.tables import MEASURED, READER, SCHEMA_VERSION

FEWEST = 20
"""Candidates that a comparison of distributions needs."""


def check_fit(card: ModelCard, manifest: VolumeManifest, *, tolerance: float) -> None:
    """Refuse a model for a volume that was measured otherwise than its training volumes.

    Parameters
    ----------
    card
        Of the model.
    manifest
        Of the volume.
    tolerance
        Share by which a spacing may lie outside the range of the training.

    Raises
    ------
    TomocalcError
        ``E602``, every reason at once.
    """
    key, where = "model_misfits_volume", f"volume {manifest.volume_id}"
    raise_all([fault(key, where, *reason) for reason in _reasons(card, manifest, tolerance)])


def check_table_fit(card: ModelCard, table: str) -> None:
    """Refuse a model for a finished table unless it was trained on one.

    Raises
    ------
    TomocalcError
        ``E602``.
    """
    if card.domain is None or card.domain.extraction is not None:
        why = (
            "it was trained on volumes, whose features were measured by other means"
            if card.domain
            else "the card does not say what the model was trained on (`domain`)"
        )
        raise fault("model_misfits_table", table, why)


def check_opinions(card: ModelCard) -> None:
    """Refuse a model that reads what somebody said of a cluster for volumes that nobody has read.

    Raises
    ------
    TomocalcError
        ``E602``.
    """
    opinions = [column.name for column in READER if column.name in card.reads]
    if opinions:
        why = f"it reads a reader's opinion of every cluster: {', '.join(opinions)}"
        raise fault("readings_needed", "model.json", why)


def settings_of(card: ModelCard) -> Settings:
    """Return how the volumes of a model's training were measured, by its card.

    Raises
    ------
    TomocalcError
        ``E602`` when the card does not say.
    """
    how = card.domain and card.domain.extraction
    if not how or not how.settings:
        why = "its card does not say how the volumes of the training were measured"
        raise fault("model_misfits_images", "model.json, domain", why)
    return how.settings


def _reasons(
    card: ModelCard, manifest: VolumeManifest, tolerance: float
) -> Iterator[tuple[str, str]]:
    retrain = "train the model again with this version"
    if card.domain is None:
        yield "the card does not say what the model was trained on (`domain`)", retrain
        return
    known = {column.name for column in MEASURED + READER}
    absent = [name for name in card.reads if name not in known]
    if absent:
        yield f"it reads {', '.join(absent)}, which is not measured on images", retrain
    how = card.domain.extraction
    if how is None:
        why = "it was trained on a finished table, whose features were measured by other means"
        yield why, "use a model that was trained on volumes"
        return
    if manifest.schema_version != SCHEMA_VERSION:
        yield f"the features have schema version {manifest.schema_version}", retrain
    if manifest.settings_key not in how.settings_keys:
        fix = "measure with the model's settings: add the --configfile of the study that made it"
        yield _different(how.settings, manifest), fix
    deep = (manifest.slice_spacing_mm,) if manifest.slices > 1 else ()
    for name, found, limits in (
        ("pixel_spacing_mm", manifest.pixel_spacing_mm, how.pixel_spacing_mm),
        ("slice_spacing_mm", deep, how.slice_spacing_mm),
    ):
        if limits is None:
            continue
        low, high = limits[0] * (1 - tolerance), limits[1] * (1 + tolerance)
        outside = [value for value in found if not low <= value <= high]
        if outside:
            yield (
                f"its {name} is {outside[0]:.4g}, the training's {limits[0]:.4g} to "
                f"{limits[1]:.4g} (tolerance {tolerance:g})",
                "use a model trained at this spacing, or raise predict.spacing_tolerance "
                "knowing that sizes and textures then differ",
            )


def _different(known: Settings | None, manifest: VolumeManifest) -> str:
    settings, own = known.as_dict() if known else {}, manifest.settings.as_dict()
    names = sorted(name for name in {**settings, **own} if settings.get(name) != own.get(name))
    parts = [f"{name} is {own.get(name)}, the model's {settings.get(name)}" for name in names]
    return "; ".join(parts) or "its candidates were found with other settings"


def drift(rows: pl.DataFrame, domain: Domain) -> list[Drift]:
    """Compare the candidates' features with those of the training.

    Parameters
    ----------
    rows
        One row per candidate, at best focus.
    domain
        Of the model's card.
    """
    return [
        _compare(name, rows[name].cast(pl.Float64).to_numpy(), known, domain.candidates)
        for name, known in domain.features.items()
        if known.values
    ]


def _compare(name: str, values: NDArray[np.float64], known: Distribution, candidates: int) -> Drift:
    # features are 32-bit: so are the stored values, or equal ones would not meet
    sample = np.sort(values[np.isfinite(values)]).astype(np.float32)
    n, m = max(candidates, 1), sample.size
    if m < FEWEST:
        return Drift(feature=name)
    points, below = np.array(known.values, np.float32), np.array(known.below)
    here = np.searchsorted(sample, points, side="right") / m
    # Bins end at the stored values that stand at the tenths of the training, each once.
    edges = np.unique(np.searchsorted(below, np.arange(1, BINS) / BINS).clip(max=n))
    edges = edges[edges < len(points) - 1] if len(points) > 1 else edges[:0]
    expected = np.diff([0.0, *below[edges], 1.0]) * n
    counted = np.diff([0.0, *here[edges], 1.0]) * m
    ks = float(np.abs(here - below).max())
    return Drift(feature=name, ks=ks, **stability(expected, counted, n, m))


def percentile(values: NDArray[np.float64], known: Distribution) -> NDArray[np.float64]:
    """Return the share of the training's candidates at or below each value, from 0 to 1."""
    if not known.values:
        return np.full(values.shape, np.nan)
    points = np.array(known.values, np.float32)
    return np.interp(values.astype(np.float32), points, known.below, left=0.0, right=1.0)


def cautions_of(
    card: ModelCard,
    manifest: VolumeManifest,
    drift: Sequence[Drift],
    *,
    simulated: bool,
    own: bool = False,
) -> Iterator[Caution]:
    """Say what is doubtful about a model's score of a volume.

    Parameters
    ----------
    card
        Of the model.
    drift
        Of the volume's candidates.
    simulated
        Whether the volume is.
    own
        Whether it is known to be of the run that made the model.
    """
    how = card.domain and card.domain.extraction
    if how and not own and manifest.content in how.contents:
        yield Caution(code="learned_from")
    trained_in_silico = card.source == "phantom"
    if trained_in_silico and not simulated:
        yield Caution(code="trained_in_silico")
    if card.source == "inserted":
        yield Caution(code="trained_on_inserted")
    if simulated and not trained_in_silico:
        yield Caution(code="simulated_volume")
    if card.clusters:
        yield Caution(code="clusters_supposed")
    needed = card.sequence["slices"]
    if card.sequence["kind"] == "slices" and manifest.slices < needed:
        yield Caution(code="few_slices", count=manifest.slices, of=needed)
    if strong := tuple(row.feature for row in drift if row.shift == "strong"):
        yield Caution(code="drift", features=strong)


def remarks_on(scores: VolumeScores) -> list[str]:
    """Return in sentences what to know before the scores of a volume are used."""
    said = ["In-silico phantom: no patient."] if scores.simulated else []
    said += map(caution_text, scores.cautions)
    return [*said, *(f"Doubtful: {doubt_sentence(doubt)}." for doubt in scores.doubts)]


def caution_text(caution: Caution) -> str:
    """Return a caution as a sentence."""
    count, names = caution.count, ", ".join(caution.features).replace("_", " ")
    return {
        "learned_from": "The run that made the model had this very volume, under whatever name: it "
        "may have learned the score.",
        "trained_in_silico": "The model was trained on in-silico phantoms only and this volume is "
        "not one: the probabilities are numbers without meaning here; only the mechanics can be "
        "judged.",
        "trained_on_inserted": "The model has learned simulated calcifications that were put into "
        "genuine volumes: what it is worth on genuine ones has not been measured.",
        "simulated_volume": "This volume is simulated and the model was trained on real ones: the "
        "probabilities say nothing about patients.",
        "clusters_supposed": "Clusters are formed of candidates by their density alone: the "
        "probability of malignancy supposes that they are calcifications.",
        "few_slices": f"The volume has {count} slice{'s' * (count != 1)} and the model reads "
        f"sequences of {caution.of}: what lies beyond the volume is masked.",
        "drift": f"Drift of {names}: these candidates are distributed differently from the "
        "training's; probabilities may be off.",
    }[caution.code]
