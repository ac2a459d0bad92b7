"""The page of one scored volume: its slices to scroll through, its marks, and why."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup
from PIL import Image

from tomocalc.pages.charts import compact
from tomocalc.pages.parts import block, note
from tomocalc.pages.shell import Section, json_block, render_page
from tomocalc.pages.tables import Cell, Column, table
from tomocalc.pages.templating import fill
from tomocalc.pages.words import pretty, versions_of
from tomocalc.prediction.fit import percentile
from tomocalc.tables import FEATURES

IN_SILICO = "in-silico phantom"
LARGEST = 6_800_000
"""Bytes of all frames and crops: a third more as text, so the page stays below 10 MB."""

MOST_MARKS = 2000
"""Marks that can be shown, the likeliest."""

MOST_ROWS = 200
"""Rows of the table of candidates."""

CALLED, OTHERS = "calcifications", "others"
UNIT = {column.name: column for column in FEATURES}


def volume_page(
    *,
    facts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    marks: pl.DataFrame,
    clusters: pl.DataFrame,
    looks: pl.DataFrame,
    explained: Mapping[int, Sequence[float]],
    features: Sequence[str],
    domain: Mapping[str, Any],
    files: Sequence[tuple[str, str]],
    home: str | None,
    crop_mm: float,
) -> str:
    """Return the page.

    Parameters
    ----------
    facts
        ``scores.json``.
    manifest
        Of the volume.
    marks, clusters
        As `tomocalc.prediction.scoring.Scored` holds them.
    looks
        Frames of slices and crops of candidates; see `tomocalc.image.looks`.
    explained
        Candidate to what each of *features* adds to its log-odds.
    domain
        Of the model's card.
    files
        Address and meaning of the files beside the page.
    home
        Address of the page of all volumes, if there is one.
    crop_mm
        Side of a crop.
    """
    frames, crops = fitted(looks)
    data = _data(facts, manifest, marks, clusters, frames, crops, explained, features, domain)
    data["crop_mm"] = crop_mm
    rows, columns = manifest["rows"], manifest["columns"]
    legend = (
        "Yellow: flagged; blue: below the threshold; dashed: in best focus one slice away; "
        "pink: a cluster."
    )
    viewer = fill(
        "viewer",
        data=json_block(data),
        rows=rows,
        columns=columns,
        width=columns,
        height=rows,
        legend=legend,
    )
    warnings = [note(text, tone="warn") for text in facts["warnings"]]
    sections = [
        Section("Slices", [*warnings, viewer], key="slices"),
        Section(
            "Candidates",
            block([_candidates(marks)], kind="panel"),
            intro=_counted(facts, marks),
            key="candidates",
        ),
        Section(
            "Clusters",
            block([_clusters(clusters)], kind="panel") if clusters.height else _no_cluster(facts),
            intro=(
                f"At least {facts['cluster_rule']['calcifications']} flagged candidates, each "
                f"within {facts['cluster_rule']['distance_mm']:g} mm of another."
            ),
            key="clusters",
        ),
        Section(
            "Against the training",
            block([drift_table(facts["drift"])], kind="panel"),
            intro=DRIFT,
            key="drift",
        ),
        Section("Files", block([file_table(files)], kind="panel"), key="files"),
    ]
    return render_page(
        title=facts["volume_id"],
        subtitle="What the model marks in this volume, slice by slice, and what its marks rest on.",
        sections=sections,
        plotly=False,
        badge=IN_SILICO if facts["simulated"] else "research use only",
        facts=_header(facts, manifest),
        links=[(home, "All volumes")] if home else [],
        versions=versions_of(("numpy", "polars", "torch")),
        extra="volume",
    )


DRIFT = (
    "The candidates of this volume beside those that the model was trained on. PSI: population "
    "stability index over tenths of the training; KS: largest distance of the two distribution "
    "functions. A volume without any finding differs from a mixed training a little."
)


def _header(facts: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, str]:
    spacing = " × ".join(f"{value:.3g}" for value in manifest["pixel_spacing_mm"])
    return {
        "Volume score": f"{facts['score']:.3f}",
        "Flagged": f"{facts['flagged']:,} of {facts['candidates']:,}",
        "Clusters": f"{facts['clusters']:,}",
        "Threshold": f"{facts['threshold']:.3f}",
        "Breast": f"{facts['laterality']} {facts['view']}",
        "Slices": f"{manifest['slices']} of {manifest['rows']} × {manifest['columns']}",
        "Pixel": f"{spacing} mm",
    }


def _counted(facts: Mapping[str, Any], marks: pl.DataFrame) -> str:
    text = f"Likeliest first. The volume's score is the largest probability, {facts['score']:.3f}."
    if marks.height > MOST_ROWS:
        text += f" The first {MOST_ROWS} of {marks.height:,} are listed; marks.tsv has all."
    if marks.height > MOST_MARKS:
        text += f" The {MOST_MARKS:,} likeliest can be shown on the slices."
    return text


def _no_cluster(facts: Mapping[str, Any]) -> Markup:
    few = facts["flagged"] < facts["cluster_rule"]["calcifications"]
    reason = "too few candidates are flagged" if few else "the flagged candidates lie too far apart"
    return note(f"No cluster: {reason}.")


def _candidates(marks: pl.DataFrame) -> Markup:
    columns = [
        Column("Candidate", "text"),
        Column("Probability", "score"),
        Column("Flagged", "text"),
        Column("Cluster", "count"),
        Column("Slice", "count", help="from 1"),
        Column("Column", "count", help="pixels from the left"),
        Column("Row", "count", help="pixels from the top"),
        Column("Width (mm)", "number", help="of the circle of equal area"),
    ]
    button = Markup('<button type="button" class="go" data-candidate="{0}">{0}</button>')
    rows = [
        [
            Cell(button.format(row["candidate_id"]), row["candidate_id"]),
            row["probability"],
            row["flagged"],
            row["cluster_id"],
            row["slice"] + 1,
            row["col"],
            row["row"],
            round(row["diameter_mm"], 3),
        ]
        for row in marks.head(MOST_ROWS).iter_rows(named=True)
    ]
    return table(
        columns=columns, rows=rows, caption="Candidates; the number shows one on its slice"
    )


def _clusters(clusters: pl.DataFrame) -> Markup:
    columns = [
        Column("Cluster", "count"),
        Column("Candidates", "count"),
        Column("Largest probability", "score"),
        Column("Mean probability", "score"),
        Column("Extent (mm)"),
        Column("Per cm²"),
        Column("Nearest (mm)", help="mean distance to the nearest other member"),
        Column("Slices", "text"),
    ]
    rows = [
        [
            row["cluster_id"],
            row["count"],
            row["probability_max"],
            row["probability_mean"],
            row["extent_mm"],
            row["density_per_cm2"],
            row["nearest_mm"],
            f"{row['slice_first'] + 1} to {row['slice_last'] + 1}",
        ]
        for row in clusters.iter_rows(named=True)
    ]
    return table(columns=columns, rows=rows, caption="Clusters of flagged candidates")


def drift_table(drift: Sequence[Mapping[str, Any]]) -> Markup:
    """Return how the features of new candidates differ from the training's."""
    tones = {"strong": "bad", "some": "warn", "none": "good", "unknown": ""}
    columns = [
        Column("Feature", "text"),
        Column("PSI"),
        Column("PSI by chance", help="mean of two samples of these sizes from one distribution"),
        Column("KS"),
        Column("KS by chance", help="95 % bound for such samples"),
        Column("Shift", "text"),
    ]
    rows = [
        [
            pretty(row["feature"]),
            row["psi"],
            row["psi_chance"],
            row["ks"],
            row["ks_chance"],
            Cell(
                "too few candidates" if row["shift"] == "unknown" else row["shift"],
                row["shift"],
                tones[row["shift"]],
            ),
        ]
        for row in drift
    ]
    return table(columns=columns, rows=rows, caption="Shift of every feature")


def file_table(files: Sequence[tuple[str, str]]) -> Markup:
    """Return links to the files beside the page, each with what it is."""
    link = Markup('<a href="{0}">{0}</a>')
    rows = [[Cell(link.format(address), address), meaning] for address, meaning in files]
    columns = [Column("File", "text"), Column("What it is", "text")]
    return table(columns=columns, rows=rows, caption="Files beside this page", sortable=False)


def _data(
    facts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    marks: pl.DataFrame,
    clusters: pl.DataFrame,
    frames: Mapping[int, str],
    crops: Mapping[int, str],
    explained: Mapping[int, Sequence[float]],
    features: Sequence[str],
    domain: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the page's script reads; lengths in pixels of a slice."""
    shown = marks.head(MOST_MARKS)
    pixel_mm = float(np.mean(manifest["pixel_spacing_mm"]))
    best = shown.row(0, named=True)["slice"] if shown.height else manifest["slices"] // 2
    percents = {
        name: 100 * percentile(shown[name].to_numpy().astype(np.float64), domain["features"][name])
        for name in features
    }
    details = {
        row["candidate_id"]: {
            "values": compact([row[name] for name in features]),
            "percent": compact([percents[name][place] for name in features]),
            "parts": compact(list(explained[row["candidate_id"]])),
            "crop": crops.get(row["candidate_id"]),
        }
        for place, row in enumerate(shown.iter_rows(named=True))
        if row["candidate_id"] in explained
    }
    return {
        "name": f"{facts['laterality']} {facts['view']}",
        "rows": manifest["rows"],
        "columns": manifest["columns"],
        "slices": [frames.get(index) for index in range(manifest["slices"])],
        "start": best,
        "threshold": facts["threshold"],
        "floor": round(min(facts["threshold"], 0.5) / 2, 2),
        "radius": max(1.5 / pixel_mm, max(manifest["rows"], manifest["columns"]) / 110),
        "marks": [
            {
                "id": row["candidate_id"],
                "z": row["slice"],
                "y": round(row["row"], 1),
                "x": round(row["col"], 1),
                "p": round(row["probability"], 4),
                "d": round(row["diameter_mm"], 3),
                "called": row["flagged"],
                "c": row["cluster_id"],
            }
            for row in shown.iter_rows(named=True)
        ],
        "clusters": [
            {
                "x": round(row["column"], 1),
                "y": round(row["row"], 1),
                "r": round(row["radius_mm"] / pixel_mm, 1),
                "first": row["slice_first"],
                "last": row["slice_last"],
            }
            for row in clusters.iter_rows(named=True)
        ],
        "features": [_feature(name, domain["features"][name]) for name in features],
        "details": details,
    }


def _feature(name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, unit, and the middle half of both classes in percentiles of the training."""

    def band(label: str) -> list[float] | None:
        numbers = known["classes"].get(label)
        if numbers is None:
            return None
        return compact((100 * percentile(np.array(numbers)[[1, 3]], known)).tolist())

    column = UNIT.get(name)
    return {
        "name": pretty(name),
        "unit": column.unit if column else "",
        "meaning": column.meaning if column else "",
        "calc": band("1"),
        "other": band("0"),
    }


def fitted(looks: pl.DataFrame) -> tuple[dict[int, str], dict[int, str]]:
    """Return frames and crops as base64 text, frames coarser where they would be too many.

    Quality is lowered first, then size, until all of them fit into `LARGEST`.
    """
    frames = {number: image for kind, number, image in looks.iter_rows() if kind == "slice"}
    crops = {number: image for kind, number, image in looks.iter_rows() if kind == "candidate"}
    room = LARGEST - sum(map(len, crops.values()))
    for quality, shrink in ((45, 1), (35, 1), (40, 1.5), (40, 2), (40, 3), (30, 4)):
        if sum(map(len, frames.values())) <= room:
            break
        frames = {index: _again(image, quality, shrink) for index, image in frames.items()}
    text = [
        {number: base64.b64encode(image).decode() for number, image in images.items()}
        for images in (frames, crops)
    ]
    return text[0], text[1]


def _again(image: bytes, quality: int, shrink: float) -> bytes:
    target = io.BytesIO()
    with Image.open(io.BytesIO(image)) as picture:
        size = (max(1, int(picture.width / shrink)), max(1, int(picture.height / shrink)))
        picture.resize(size).save(target, "JPEG", quality=quality)
    return target.getvalue()
