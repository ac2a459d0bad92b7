"""What a model must not be used for and what limits its figures, derived from the facts."""

from __future__ import annotations

from collections.abc import Iterator

from tomocalc.accounts.doubts import KINDS
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.words import plural, share

FEW = 30
"""Positive patients (or calcifications, where no patients are named) that are called few."""

SIMULATED = (
    "The model has seen simulated breasts only, in training and in the test. Its figures say that "
    "the program works; they say nothing about how it would do on people."
)
DEFAULT_USE = (
    "Research on the detection of microcalcifications in digital breast tomosynthesis: to compare "
    "methods, and to study how the way of splitting the data changes the figures. A person with "
    "expertise looks at every mark."
)


def not_for(facts: Facts) -> Iterator[str]:
    """Yield what the model must not be used for, the gravest first."""
    if facts.simulated:
        yield "Images of people: it was trained on simulated breasts only."
    yield (
        "Diagnosis, screening, triage or any decision on a patient's care. It is a research "
        "tool, not a medical device."
    )
    yield (
        "Telling benign from malignant: it was trained to tell calcifications from other bright "
        "spots, and a calcification is not a disease."
    )
    if facts.from_images:
        yield (
            f"Systems that it has not seen: {_geometry(facts)}; other vendors, detectors, "
            "reconstructions and spacings need a test of their own first."
        )
    else:
        yield (
            "Images: it reads the columns of one feature table, which were measured in a way of "
            "their own, and cannot be applied to features measured otherwise."
        )
    prevalence = facts.model["calibration"]["prevalence"]
    yield (
        f"Reading its probabilities where calcifications are not {share(prevalence)} of the "
        "candidates, without recalibration."
    )
    if facts.ruling[0] == "leaks":
        yield (
            "Quoting these figures as performance on new patients: part of the test rows was "
            "learnt from."
        )


def limits(facts: Facts) -> Iterator[str]:
    """Yield what limits the figures."""
    if facts.simulated:
        yield SIMULATED
    verdict, reasons = facts.ruling
    if verdict == "leaks":
        yield "The split leaks: the section Protocol and leakage says what and why."
    elif reasons:
        yield from reasons
    yield "One split of one data set; nothing was tested on data from elsewhere."
    if facts.quality["sites_with_candidate"] < 2:
        few = {0: "The data name no sites", 1: "The data come from one site"}
        why = few.get(facts.quality["sites"], "Fewer than two sites have a candidate")
        yield f"{why}, so differences between sites could not be examined."
    yield from _sizes(facts)
    yield from _search(facts)
    yield (
        "Intervals say what another test part would change; another training or another seed "
        "would change the figures too."
    )
    yield "No subgroup was examined: age, breast density and the like are not in the data."
    if facts.model["threshold"]["chosen_on"] is None:
        yield f"The threshold of {facts.model['threshold']['value']:g} was not chosen on data."
    error = facts.test.get("calibration_error")
    if error and error["p_value"] < 1 - facts.metrics.get("confidence", 0.95):
        yield (
            "The probabilities are off by more than chance explains: mean distance to the "
            f"observed share {error['debiased']:.3f} after its bias is taken off."
        )


def _sizes(facts: Facts) -> Iterator[str]:
    cases = facts.metrics.get("images", {}).get("cases", {})
    if "patients" in cases:
        count, unit = cases["patients"]["positives"], "patient"
        if count < FEW:
            yield f"Few cases: {plural(count, f'positive {unit}')} in the test part."
    elif facts.test["positives"] < FEW:
        yield f"Few cases: {plural(facts.test['positives'], 'calcification')} in the test part."
    if not facts.quality["patients"]:
        yield "The data name no patients, so no figure can be given per patient."
    for doubt in facts.quality["doubts"]:
        title = KINDS[doubt["code"]].title
        yield f"Doubtful in {plural(doubt['volumes'], 'volume')} of the data: {title}."


def _search(facts: Facts) -> Iterator[str]:
    for key, noun in (("calcifications", "calcifications"), ("clusters", "clusters")):
        found = facts.metrics.get("images", {}).get("froc", {}).get(key, {})
        if "findings" in found and (lost := found["findings"] - found["with_candidate"]):
            yield (
                f"The search for candidates overlooks {lost:,} of {found['findings']:,} annotated "
                f"{noun} of the test part; the model cannot find what is no candidate."
            )


def _geometry(facts: Facts) -> str:
    how = facts.quality.get("extraction") or {}
    if not how.get("pixel_spacing_mm"):
        return "the training's images only"
    text = f"the training's pixels are {_range(how['pixel_spacing_mm'])} mm"
    depth = how.get("slice_spacing_mm")
    return f"{text}, its slices {_range(depth)} mm apart" if depth else text


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
