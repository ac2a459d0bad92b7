"""Sentences about a trained model, which the card and its checklists share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.pages.card.facts import Facts
from tomocalc.pages.words import plural, pretty, share

SEQUENCE = {
    "slices": "its features on {slices} consecutive slices around its best focus",
    "features_as_steps": "its features one after the other",
    "single_step": "its features in one step",
}
IMBALANCE = {
    "none": "the classes are trained on as they are",
    "oversample": "calcifications are repeated in the training part alone",
    "class_weights": "the rarer class weighs more in the loss",
    "focal": "rows that are told right with ease weigh less",
}
SCALER = {"standard": "to mean 0 and deviation 1", "quantile": "to a normal distribution by ranks"}


def reading(facts: Facts) -> str:
    """Return what the network reads of a candidate."""
    sequence = facts.model["sequence"]
    return f"Of a candidate the network reads {SEQUENCE[sequence['kind']].format(**sequence)}."


def scaling(facts: Facts) -> str:
    """Return how the features are scaled."""
    scaler = facts.model["preprocessing"]["scaler"]
    return f"Each feature is scaled {SCALER.get(scaler, scaler)}, fitted on the training part."


def tuning(facts: Facts) -> str:
    """Return how the hyper-parameters were chosen, with the budget."""
    best, space = facts.best, facts.study["tuning"]
    searched = ", ".join(
        f"{pretty(name)} {space[name][0]:g} to {space[name][1]:g}"
        for name in ("learning_rate", "dropout", "layers", "units")
    )
    scored = "the validation part" if best["validation"] == "holdout" else "cross-validation"
    failed = f", {best['failed']:,} of them failed" if best["failed"] else ""
    trials = plural(best["computed"] + best["failed"], "trial")
    return (
        f"{trials}{failed} of a Bayesian optimisation of the {pretty(best['objective'])} "
        f"on {scored} over {searched}; best value {best['value']:.3f}."
    )


def training(facts: Facts) -> str:
    """Return the recipe of the training."""
    recipe = facts.model["training"]
    return (
        f"Adam, learning rate {recipe['learning_rate']:g} ({pretty(recipe['schedule'])}), weight "
        f"decay {recipe['weight_decay']:g}, batches of {recipe['batch_size']}, "
        f"{facts.model['epochs']} epochs, weights of epoch {facts.model['best_epoch']}; "
        f"{_loss(facts)}; {IMBALANCE[recipe['imbalance']]}; seed {recipe['seed']}."
    )


def _loss(facts: Facts) -> str:
    focal = facts.model["training"]["imbalance"] == "focal"
    return "focal loss" if focal else "binary cross-entropy"


def members(facts: Facts) -> str:
    """Return how many networks the model is."""
    count = facts.model["shape"]["members"]
    return f"The mean of {count} networks" if count > 1 else "One network"


def architecture(facts: Facts) -> str:
    """Return the layers of the network."""
    shape = facts.model["shape"]
    units = "-".join(str(size) for size in shape["units"])
    return (
        f"{plural(len(shape['units']), 'LSTM layer')} of {units} units with dropout "
        f"{shape['dropout']:g} after each, then one sigmoid: {shape['inputs']} inputs, one "
        "probability."
    )


def threshold(facts: Facts) -> str:
    """Return the threshold, and where it was chosen."""
    chosen = facts.model["threshold"]
    where = f"where F1 is largest on the {chosen['chosen_on']} part"
    if chosen["chosen_on"] is None:
        where = "fixed beforehand"
    return f"From a probability of {chosen['value']:.3f} on a candidate is flagged: {where}."


def calibration(facts: Facts) -> str:
    """Return the prevalence that the probabilities hold for."""
    prevalence = facts.model["calibration"]["prevalence"]
    return f"Probabilities hold where {share(prevalence)} of the candidates are calcifications."


def versions(found: Mapping[str, Any]) -> str:
    """Return programs with their versions."""
    return ", ".join(f"{name} {found[name]}" for name in sorted(found))
