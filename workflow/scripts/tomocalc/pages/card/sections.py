"""The sections of the model card on the data and the model."""

from __future__ import annotations

from collections.abc import Iterator

from tomocalc.pages.card import model_sentences as say
from tomocalc.pages.card.answers_data import PROTOCOL, part_sizes, preparation, sources
from tomocalc.pages.card.document import Bullets, Grid, Numbers, Part, Remark, Ruling, Text
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.card.limits import DEFAULT_USE, SIMULATED, limits, not_for
from tomocalc.pages.merits import counted_groups, interval_limits
from tomocalc.pages.words import NOTHING_SHARED, PARTS, RULINGS, counted, plural, share
from tomocalc.version import VERSION

GROUNDS = "The section Protocol and leakage has the grounds."
UNSAID = "Not given: set {} in the configuration."


def summary(facts: Facts) -> Part:
    """Return what to know first."""
    blocks: list[Remark | Ruling | Numbers | Text] = []
    if facts.simulated:
        blocks.append(Remark(SIMULATED, "bad"))
    found = RULINGS[facts.ruling[0]]
    blocks.append(Ruling(found.good, found.title, (GROUNDS,)))
    if facts.measured:
        figures = facts.test["metrics"]
        names = {"AUROC": "auroc", "Average precision": "average_precision"}
        names |= {"Sensitivity": "recall", "Specificity": "specificity"}
        items = [
            (label, f"{one['value']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}")
            for label, key in names.items()
            if (one := figures.get(key)) and one.get("low") is not None
        ]
        limits = interval_limits(facts.test, names.values())
        blocks += [
            Numbers(tuple(items)),
            Text(_counted(facts)),
            *(Remark(text, "warn") for text in limits),
        ]
    else:
        text = "The test part lacks a class, so nothing could be measured."
        blocks.append(Remark(text, "bad"))
    return Part("summary", "In short", tuple(blocks))


def _counted(facts: Facts) -> str:
    test = facts.test
    more = " Findings, volumes and patients are below." if facts.from_images else ""
    return (
        f"Of single candidates, on the test part: {plural(test['positives'], 'calcification')} "
        f"among {test['n']:,} rows of {counted_groups(test['groups'], test['unit'])}, with "
        f"{facts.confidence} intervals.{more}"
    )


def ruling(facts: Facts) -> Ruling:
    """Return the verdict on leakage."""
    level, reasons = facts.ruling
    return Ruling(RULINGS[level].good, RULINGS[level].title, tuple(reasons or [NOTHING_SHARED]))


def use(facts: Facts) -> Part:
    """Return what the model is for, and what it is not for."""
    own = facts.own("intended_use")
    return Part(
        "use",
        "Intended use",
        (
            Text(own or DEFAULT_USE),
            Ruling(False, "It must not be used for", tuple(not_for(facts))),
        ),
        intro="" if own else "As the program sees it; card.intended_use replaces this text.",
    )


def data(facts: Facts) -> Part:
    """Return what the data are."""
    quality = facts.quality
    rows = [("Source", sources(facts))]
    if facts.from_images:
        rows += [
            ("Volumes", counted(quality, "volumes")),
            ("Patients", counted(quality, "patients") if quality["patients"] else "not named"),
            ("Sites", counted(quality, "sites") if quality["sites"] else "not named"),
        ]
    found = quality.get("annotations")
    if found:
        rows.append(
            ("Findings", f"{found['total']:,} annotated, {found['matched']:,} with a candidate")
        )
    rows += [
        ("Candidates", f"{quality['candidates']:,}"),
        (
            "Calcifications",
            f"{quality['positives']:,}, {share(quality['prevalence'])} of the candidates",
        ),
        ("Preparation", preparation(facts)),
    ]
    parts = [
        (
            PARTS[name],
            f"{part['rows']:,}",
            f"{part['positives']:,}",
            share(part["positives"] / part["rows"]),
            f"{part['patients']:,}" if part["patients"] else "not named",
        )
        for name in ("train", "validation", "test")
        if (part := facts.split["parts"].get(name)) and part["rows"]
    ]
    columns = ("Part", "Rows", "Calcifications", "Prevalence", "Patients")
    return Part(
        "data",
        "Data",
        (
            Grid("What the data are", ("Fact", "Value"), tuple(rows)),
            Grid("Parts of the split", columns, tuple(parts), columns[1:]),
        ),
    )


def protocol(facts: Facts) -> Part:
    """Return how the data were split, and whether that leaks."""
    text = f"{PROTOCOL[facts.protocol]} Seed {facts.split['seed']}. {part_sizes(facts)}"
    return Part("protocol", "Protocol and leakage", (ruling(facts), Text(text)))


def training(facts: Facts) -> Part:
    """Return the recipe, the tuning and its budget."""
    rows = (
        ("Network", say.architecture(facts)),
        ("Reads", say.reading(facts)),
        ("Features", ", ".join(facts.used)),
        ("Scaling", say.scaling(facts)),
        ("Training", say.training(facts)),
        ("Tuning", say.tuning(facts)),
        ("Networks", say.members(facts)),
        ("Device", facts.model["device"]["used"]),
    )
    return Part("training", "Training", (Grid("How it was trained", ("Fact", "Value"), rows),))


def limitations(facts: Facts) -> Part:
    """Return the limits of the figures."""
    return Part("limits", "Limits", (Bullets(tuple(limits(facts))),))


def about(facts: Facts) -> Part:
    """Return who made the model, and with what."""
    return Part("about", "About this card", tuple(_about(facts)))


def _about(facts: Facts) -> Iterator[Grid | Text]:
    keys = {"authors": "Authors", "contact": "Contact", "licence": "Licence of the model"}
    rows = [(name, facts.own(key) or UNSAID.format(f"card.{key}")) for key, name in keys.items()]
    rows += [
        ("Made by", f"tomocalc {VERSION}"),
        ("Trained with", say.versions(facts.model["versions"])),
        ("Weights, SHA-256", facts.model["weights_sha256"]),
        ("Candidates, SHA-256", facts.model["data"]["candidates_sha256"]),
        ("Splits, SHA-256", facts.model["data"]["splits_sha256"]),
        ("Seed", str(facts.seed)),
    ]
    yield Grid("Who and what", ("Fact", "Value"), tuple(rows))
    if notes := facts.own("notes"):
        yield Text(notes)
