"""The page of one scored volume: its slices to scroll through, its marks, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.pages.catalogue import Link
from tomocalc.pages.parts import block, doubt_note, note
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.templating import json_block, render
from tomocalc.pages.volume.data import MOST_MARKS, viewer_data
from tomocalc.pages.volume.tables import (
    DRIFT,
    IN_SILICO,
    MOST_ROWS,
    candidate_table,
    cluster_table,
    drift_block,
    file_table,
)
from tomocalc.pages.words import versions_of
from tomocalc.prediction.cautions import caution_text
from tomocalc.prediction.scoring import Scored

LEGEND = (
    "Yellow: flagged; blue: below the threshold; white: the chosen one; dotted: in best focus one "
    "slice away; pink and dashed: a cluster."
)


def volume_page(
    scored: Scored,
    *,
    card: Mapping[str, Any],
    manifest: VolumeManifest,
    previews: pl.DataFrame,
    explained: Mapping[int, Sequence[float]],
    files: Sequence[tuple[str, str]],
    home: str | None,
) -> str:
    """Return the page.

    Parameters
    ----------
    card
        Of the model.
    manifest
        Of the volume.
    previews
        Frames of slices and crops of candidates; see `tomocalc.image.previews`.
    explained
        Candidate to what each feature adds to its log-odds.
    files
        Address and meaning of the files beside the page.
    home
        Address of the page of all volumes, if there is one.
    """
    scores, marks, clusters = scored.scores, scored.marks, scored.clusters
    data = viewer_data(
        scored,
        domain=card["domain"],
        features=[feature["name"] for feature in card["features"]],
        manifest=manifest,
        previews=previews,
        explained=explained,
    )
    rows, columns = manifest.rows, manifest.columns
    viewer = render(
        "viewer",
        data=json_block(data),
        rows=rows,
        columns=columns,
        width=columns,
        height=rows,
        legend=LEGEND,
    )
    warnings = [note(caution_text(item), tone="warn") for item in scores.cautions]
    warnings += [doubt_note(doubt) for doubt in scores.doubts]
    rule = scores.cluster_rule
    sections = [
        Section("Slices", [*warnings, viewer], key="slices"),
        Section(
            "Candidates",
            block([candidate_table(marks)], kind="panel tall"),
            intro=_counted(scores, marks),
            key="candidates",
        ),
        Section(
            "Clusters",
            block([cluster_table(clusters)], kind="panel")
            if clusters.height
            else _no_cluster(scores),
            intro=(
                f"At least {rule.calcifications} flagged candidates, each "
                f"within {rule.distance_mm:g} mm of another."
            ),
            key="clusters",
        ),
        Section(
            "Against the training",
            drift_block(scores.drift),
            intro=DRIFT,
            key="drift",
        ),
        *(
            [Section("Files", block([file_table(files)], kind="panel"), key="files")]
            if files
            else []
        ),
    ]
    return render_page(
        title=scores.volume_id,
        subtitle="What the model marks in this volume, slice by slice, and what its marks rest on.",
        sections=sections,
        badge=IN_SILICO if scores.simulated else "research use only",
        facts=_header(scores, manifest),
        links=[Link(home, "All volumes")] if home else [],
        versions=versions_of(("numpy", "polars")),
        extra="volume",
    )


def _header(scores: VolumeScores, manifest: VolumeManifest) -> dict[str, str]:
    spacing = " × ".join(f"{value:.3g}" for value in manifest.pixel_spacing_mm)
    return {
        "Volume score": f"{scores.score:.3f}",
        "Flagged": f"{scores.flagged:,} of {scores.candidates:,}",
        "Clusters": f"{scores.clusters:,}",
        "Threshold": f"{scores.threshold:.3f}",
        "Breast": f"{scores.laterality} {scores.view}",
        "Slices": f"{manifest.slices} of {manifest.rows} × {manifest.columns}",
        "Pixel": f"{spacing} mm",
    }


def _counted(scores: VolumeScores, marks: pl.DataFrame) -> str:
    text = f"Likeliest first. The volume's score is the largest probability, {scores.score:.3f}."
    if marks.height > MOST_ROWS:
        text += f" The first {MOST_ROWS} of {marks.height:,} are listed; marks.tsv has all."
    if marks.height > MOST_MARKS:
        text += f" The {MOST_MARKS:,} likeliest can be shown on the slices."
    return text


def _no_cluster(scores: VolumeScores) -> Markup:
    few = scores.flagged < scores.cluster_rule.calcifications
    reason = "too few candidates are flagged" if few else "the flagged candidates lie too far apart"
    return note(f"No cluster: {reason}.")
