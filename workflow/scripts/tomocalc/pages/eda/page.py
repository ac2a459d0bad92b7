"""The page of the exploratory analysis: its header, what to know first, and the sections."""

from __future__ import annotations

from typing import Any

from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.eda.correlations import correlation_section
from tomocalc.pages.eda.features import distribution_section, summary_section
from tomocalc.pages.eda.groups import drift_section, places_section
from tomocalc.pages.eda.leakage import leakage_section
from tomocalc.pages.eda.pairs import pairs_section
from tomocalc.pages.eda.quality import (
    balance_section,
    quality_section,
    slices_section,
)
from tomocalc.pages.parts import Finding, findings
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import (
    SOURCES,
    badge_of,
    counted,
    plural,
    pretty,
    share,
    sharing_level,
    versions_of,
)
from tomocalc.wording.verdicts import TOO_GOOD, too_good


def eda_page(*, numbers: dict[str, Any], quality: dict[str, Any], split: dict[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    numbers
        From `tomocalc.eda.explore.explore`.
    quality, split
        The accounts of merge and split, ``results/dataset/{quality,split}.json``.
    """
    sections = [
        Section("What to know first", findings(_findings(numbers, quality, split)), key="first"),
        quality_section(quality),
        leakage_section(split),
        balance_section(quality, split),
        summary_section(numbers, quality["source"]),
        distribution_section(numbers, quality["source"]),
        correlation_section(numbers),
        pairs_section(numbers),
        places_section(numbers["balance"], quality),
        drift_section(numbers["drift"]),
    ]
    if "slices" in quality:
        sections.append(slices_section(quality["slices"]))
    return render_page(
        title="Exploratory data analysis",
        subtitle=f"What is in the data, and what is wrong with it: {SOURCES[quality['source']]}.",
        sections=sections,
        badge=badge_of(quality["source"]),
        facts=_facts(quality, split),
        links=navigation("eda/eda.html", run_pages()),
        versions=versions_of(("numpy", "polars", "plotly")),
    )


def _facts(quality: dict[str, Any], split: dict[str, Any]) -> dict[str, str]:
    facts = {"Candidates": f"{quality['candidates']:,}"}
    if quality["rows"] != quality["candidates"]:
        facts["Rows, one per slice"] = f"{quality['rows']:,}"
    facts["Calcifications"] = f"{quality['positives']:,}"
    facts["Prevalence"] = share(quality["prevalence"])
    if quality["source"] != "table":
        facts["Volumes"] = counted(quality, "volumes")
    facts["Patients"] = counted(quality, "patients") if quality["patients"] else "not named"
    if quality["sites"]:
        facts["Sites"] = counted(quality, "sites")
    return facts | {"Protocol": split["protocol"], "Seed": str(split["seed"])}


def _findings(
    numbers: dict[str, Any], quality: dict[str, Any], split: dict[str, Any]
) -> list[Finding]:
    found = [_leak(quality, split)]
    repeats = quality["duplicates"]
    if repeats["rows"]:
        after = quality["without_duplicates"]
        found.append(
            Finding(
                "warn",
                f"{repeats['rows']:,} of {quality['candidates']:,} candidates are redundant: each "
                "equals an earlier one in every feature and the label. Without them "
                f"{after['negatives']:,} others and {after['positives']:,} calcifications remain, "
                f"and prevalence goes from {share(quality['prevalence'])} to "
                f"{share(after['prevalence'])}.",
                "quality",
            )
        )
    conflicts = quality["conflicting_labels"]["groups"]
    if conflicts:
        verb = "carries" if conflicts == 1 else "carry"
        text = f"{plural(conflicts, 'feature vector')} {verb} both labels."
        found.append(Finding("warn", f"{text} No model can get both right.", "quality"))
    return found + _feature_findings(numbers, quality)


def _leak(quality: dict[str, Any], split: dict[str, Any]) -> Finding:
    leakage = split["leakage"]
    if (level := sharing_level(leakage)) == "leaks":
        text = "The split leaks: test figures will look better than they are."
        return Finding("bad", text, "leakage")
    text = "No candidate of the test part has an identical row among those learnt from"
    if not quality["patients"]:
        text = f"{text}. The data name no patients, so theirs cannot be told."
        return Finding("warn", text, "leakage")
    if level == "caution":
        return Finding("warn", " ".join(leakage["reasons"]), "leakage")
    return Finding("good", f"{text}, and no patient stands on both sides.", "leakage")


def _feature_findings(numbers: dict[str, Any], quality: dict[str, Any]) -> list[Finding]:
    found = []
    areas = {
        name: max(area, 1 - area)
        for name, stats in numbers["summary"].items()
        if (area := stats["all"]["auroc"]) is not None
    }
    if areas:
        best = max(areas, key=lambda name: areas[name])
        told = too_good(
            sorted(name for name, area in areas.items() if area > TOO_GOOD),
            source=quality["source"],
            others=quality["candidates"] - quality["positives"],
        )
        text = f"The feature that separates best alone is {pretty(best)} (AUROC {areas[best]:.3f})."
        found.append(Finding("warn" if told else "info", told or text, "summary"))
    redundant = numbers["correlations"]["redundant"]
    if redundant:
        pair = redundant[0]
        text = f"{plural(len(redundant), 'pair')} of features say nearly the same"
        example = f"{pretty(pair['first'])} and {pretty(pair['second'])}"
        also = "for one, " if len(redundant) > 1 else ""
        found.append(Finding("warn", f"{text}: {also}{example}.", "correlations"))
    for key, what in (("parts", "training and test part"), ("sites", "sites")):
        strong = sorted(
            {row["feature"] for row in numbers["drift"][key] if row["shift"] == "strong"}
        )
        if strong:
            text = f"{plural(len(strong), 'feature')} differ strongly between {what}: "
            listed = ", ".join(pretty(name) for name in strong[:5])
            found.append(Finding("warn", f"{text}{listed}.", "drift"))
    return found
