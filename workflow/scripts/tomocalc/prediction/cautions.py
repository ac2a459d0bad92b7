"""What to know before a score is used: found as codes, said in words where people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tomocalc.accounts.doubts import doubt_sentence
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import Caution, Drift, VolumeScores
from tomocalc.model.card import ModelCard

SIMULATED = ("in silico", "in-silico")


def is_simulated(site: str | None) -> bool:
    """Return whether a volume's ``site`` says that it was simulated."""
    return any(word in (site or "").lower() for word in SIMULATED)


def cautions_of(
    card: ModelCard,
    manifest: VolumeManifest,
    drift: Sequence[Drift],
    *,
    simulated: bool,
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
    """
    trained_in_silico = card.source == "phantom"
    if trained_in_silico and not simulated:
        yield Caution(code="trained_in_silico")
    if simulated and not trained_in_silico:
        yield Caution(code="simulated_volume")
    if card.clusters:
        yield Caution(code="clusters_supposed")
    needed = card.sequence["slices"]
    if card.sequence["kind"] == "slices" and manifest.slices < needed:
        yield Caution(code="few_slices", count=manifest.slices, of=needed)
    strong = tuple(row.feature for row in drift if row.shift == "strong")
    if strong:
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
        "trained_in_silico": "The model was trained on in-silico phantoms only and this volume is "
        "not one: the probabilities are numbers without meaning here; only the mechanics can be "
        "judged.",
        "simulated_volume": "This volume is simulated and the model was trained on real ones: the "
        "probabilities say nothing about patients.",
        "clusters_supposed": "Clusters are formed of candidates by their density alone: the "
        "probability of malignancy supposes that they are calcifications.",
        "few_slices": f"The volume has {count} slice{'s' * (count != 1)} and the model reads "
        f"sequences of {caution.of}: what lies beyond the volume is masked.",
        "drift": f"Drift of {names}: these candidates are distributed differently from the "
        "training's; probabilities may be off.",
    }[caution.code]
