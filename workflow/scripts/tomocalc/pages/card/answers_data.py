"""What a run can answer of its data, its labels and its parts."""

from __future__ import annotations

from collections.abc import Iterator

from tomocalc.pages.card.checklist import Answer
from tomocalc.pages.card.facts import Facts
from tomocalc.pages.words import (
    PARTS,
    SOURCES,
    cohort,
    plural,
    pretty,
    share,
    without_candidate,
)

QUALITY, MODEL = "dataset/quality.json", "model/model.json"
CONFIG, PROGRAM = "the configuration", "the program"
NOBODY = "The data are simulated; no person took part."


def data_answers(facts: Facts) -> Iterator[tuple[str, Answer]]:
    """Yield the answers by name."""
    yield "data", Answer(sources(facts), QUALITY, whole=False)
    if facts.simulated:
        yield "no_people", Answer(NOBODY, CONFIG, void=True)
    yield "sites", _sites(facts)
    yield "preparation", Answer(preparation(facts), QUALITY)
    yield "selection", Answer(_selection(facts), QUALITY)
    yield "missing", Answer(_missing(facts), QUALITY)
    yield "privacy", _privacy(facts)
    if acquisition := _acquisition(facts):
        yield "acquisition", Answer(acquisition, QUALITY, whole=facts.simulated)
    yield from _labels(facts)
    yield from _parts(facts)
    yield "characteristics", _characteristics(facts)
    yield "availability", _availability(facts)


def sources(facts: Facts) -> str:
    """Return what the data are, counted."""
    quality = facts.quality
    if not facts.from_images:
        return f"A feature table of {plural(quality['candidates'], 'candidate')}."
    name = SOURCES[quality["source"]]
    return (
        f"{name[0].upper()}{name[1:]}: {cohort(quality)}, with "
        f"{plural(quality['candidates'], 'candidate')}."
    )


def preparation(facts: Facts) -> str:
    """Return how the data were prepared and checked."""
    quality = facts.quality
    steps = []
    if facts.from_images:
        steps.append(
            "Every slice is normalised over the breast, searched for small bright spots and "
            "measured; spots of neighbouring slices are one candidate."
        )
        slices = quality.get("slices", {})
        if slices:
            steps.append(
                f"{slices['quarantined']:,} of {slices['total']:,} slices could not be read and "
                "were left out."
            )
    removed = [f"{item['rows']:,} {item['reason']}" for item in quality["removed"]]
    steps.append(f"Removed candidates: {', '.join(removed) or 'none'}.")
    conflicts = quality["conflicting_labels"]["rows"]
    steps.append(f"Candidates equal in every feature but not in the label: {conflicts:,}.")
    return " ".join(steps)


def _sites(facts: Facts) -> Answer:
    if facts.simulated:
        return Answer(NOBODY, CONFIG, void=True)
    if not (sites := facts.quality["sites"]):
        return Answer("No sites are named.", QUALITY)
    bare = without_candidate(facts.quality, "sites")
    return Answer(f"{plural(sites, 'site')} named{f', {bare}' if bare else ''}.", QUALITY)


def _selection(facts: Facts) -> str:
    quality = facts.quality
    kept = quality["after_removal"]
    counts = {
        "removed as said under preparation": sum(item["rows"] for item in quality["removed"]),
        "without a label": quality.get("unlabelled_dropped", 0),
        "in the border of an annotation": quality.get("annotations", {}).get(
            "ignored_candidates", 0
        ),
    }
    left_out = [f"{count:,} {why}" for why, count in counts.items() if count]
    found = "that the search found in the breast" if facts.from_images else "of the table"
    used = f"{kept['negatives'] + kept['positives']:,} candidates {found} are used"
    return f"{used}; left out: {', '.join(left_out) or 'none'}."


def _missing(facts: Facts) -> str:
    columns = facts.quality["columns"]
    gaps = {name: columns.get(name, {}) for name in facts.used}
    absent = {
        name: count
        for name, found in gaps.items()
        if (count := found.get("null", 0) + found.get("nan", 0))
    }
    if not absent:
        return "No value is missing in the features that the model reads."
    listed = ", ".join(f"{pretty(name)} {count:,}" for name, count in absent.items())
    methods = {item["method"] for item in facts.quality["imputed"]}
    how = f"filled by {', '.join(sorted(methods))}, fitted on the training part"
    return f"Missing values: {listed}; {how if methods else 'not filled'}."


def _privacy(facts: Facts) -> Answer:
    if facts.simulated:
        return Answer(NOBODY, CONFIG, void=True)
    if not facts.from_images:
        return Answer("Only the columns that the configuration names are read.", PROGRAM)
    return Answer(
        "Only values of an allow-list leave a DICOM header, none of them names a person or a "
        "date; results carry the identifiers of the user's sheets.",
        PROGRAM,
    )


def _acquisition(facts: Facts) -> str:
    how = facts.quality.get("extraction") or {}
    if not how.get("pixel_spacing_mm"):
        return ""
    (low, high), depth = how["pixel_spacing_mm"], how.get("slice_spacing_mm")
    text = f"Pixels of {low:g} to {high:g} mm" if low != high else f"Pixels of {low:g} mm"
    if depth:
        apart = f"{depth[0]:g}" if depth[0] == depth[1] else f"{depth[0]:g} to {depth[1]:g}"
        text += f", slices {apart} mm apart"
    if facts.simulated:
        return f"{text}; projections simulated over a limited angle and reconstructed."
    return f"{text}; these models are for digital breast tomosynthesis."


def _labels(facts: Facts) -> Iterator[tuple[str, Answer]]:
    if facts.simulated:
        truth = "Where the simulation placed a calcification is known exactly."
        yield "annotators", Answer(truth, PROGRAM, void=True)
    if facts.from_images:
        rule = (
            "A candidate is a calcification when it lies within "
            f"{facts.labels['tolerance_mm']:g} mm and "
            f"{plural(facts.labels['slice_tolerance'], 'slice')} of an annotated one, or in an "
            "annotated region."
        )
        found = facts.quality.get("annotations", {})
        counted = (
            f" {found['matched']:,} of {found['total']:,} annotated findings have a candidate."
            if found
            else ""
        )
        yield "reference", Answer(rule + counted, CONFIG, whole=facts.simulated)
    else:
        yield "reference", Answer("The label column of the table.", CONFIG)


def _parts(facts: Facts) -> Iterator[tuple[str, Answer]]:
    split = facts.split
    grouped = split.get("grouped_by", "patient")
    yield "partition", Answer(f"{PROTOCOL[facts.protocol]} {part_sizes(facts)}", facts.split_file)
    level = {
        "honest": f"By {grouped}: none stands in two parts.",
        "paper": "By row, after rows were repeated: copies of one row stand in several parts.",
    }
    named = "" if facts.quality["patients"] else " The data name no patients."
    yield "disjoint", Answer(f"{level[facts.protocol]}{named}", facts.split_file)
    yield "part_sizes", Answer(part_sizes(facts), facts.split_file)
    shares = [
        f"{PARTS[name]} {share(part['positives'] / part['rows'])}"
        for name in ("train", "validation", "test")
        if (part := split["parts"].get(name)) and part["rows"]
    ]
    yield (
        "part_differences",
        Answer(
            f"Share of calcifications: {', '.join(shares)}. Every feature is compared between the "
            "parts on the page of the exploratory analysis.",
            f"{facts.split_file}, eda/eda.html",
        ),
    )
    yield (
        "sample_size",
        Answer(
            f"All of the data were used; no calculation was made. {part_sizes(facts)}",
            facts.split_file,
        ),
    )
    yield "flow", Answer(f"{sources(facts)} {preparation(facts)} {part_sizes(facts)}", QUALITY)


PROTOCOL = {
    "honest": "The data are split before anything is fitted, with the same share of "
    "calcifications in every part; the validation part serves every choice, the test part is "
    "read once.",
    "paper": "Calcifications are repeated until both classes are equal, then the rows are split "
    "at random; this leaks, and is kept to reproduce published figures.",
}


def part_sizes(facts: Facts) -> str:
    """Return rows, calcifications and patients of every part."""
    sizes = []
    for name in ("train", "validation", "test"):
        part = facts.split["parts"].get(name)
        if part and part["rows"]:
            patients = f", {plural(part['patients'], 'patient')}" if part["patients"] else ""
            label = PARTS[name]
            counts = f"{part['rows']:,} rows, {plural(part['positives'], 'calcification')}"
            sizes.append(f"{label[0].upper()}{label[1:]} part: {counts}{patients}.")
    return " ".join(sizes)


def _characteristics(facts: Facts) -> Answer:
    if facts.simulated:
        return Answer(f"{NOBODY} {part_sizes(facts)}", facts.split_file, whole=True)
    return Answer(part_sizes(facts), facts.split_file)


def _availability(facts: Facts) -> Answer:
    text = "The software is free (MIT licence); the trained model is model/model.safetensors."
    if facts.simulated:
        text += f" The data are made anew by the program, seed {facts.seed}."
    return Answer(text, PROGRAM, whole=facts.simulated)
