"""The page of all scored volumes: scores of volumes and patients, a door to every volume."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from tomocalc.accounts.doubts import count_doubts
from tomocalc.accounts.prediction import Drift, VolumeScores
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.parts import Card, Cell, Column, block, cards, doubt_count_note, note, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.templating import fill
from tomocalc.pages.volume.tables import DRIFT, IN_SILICO, drift_block, file_table
from tomocalc.pages.words import plural, versions_of
from tomocalc.prediction.cautions import caution_text

PICTURES = 24
"""Pictures shown; the table links every volume."""


def predictions_page(
    *,
    volumes: Sequence[VolumeScores],
    patients: Sequence[Mapping[str, Any]],
    drift: Sequence[Drift],
    pictures: Mapping[str, str],
    own: bool,
    home: str | None,
    files: Sequence[tuple[str, str]],
) -> str:
    """Return the page.

    Parameters
    ----------
    volumes
        ``scores.json`` of every volume.
    patients
        patient_id, volumes, score, flagged, clusters.
    drift
        Of all candidates together.
    pictures
        volume_id to a small picture as a ``data:`` address.
    own
        Whether the volumes are the ones that the model was made from.
    home
        Address of the run's index, if there is one.
    files
        Address and meaning of the files beside the page.
    """
    ranked = sorted(volumes, key=lambda row: (-row.score, row.volume_id))
    return render_page(
        title="Predictions",
        subtitle=f"{plural(len(ranked), 'volume')}, scored with a released model.",
        sections=[
            Section("Result", [*_warnings(ranked, own), _cards(ranked, patients)], key="result"),
            Section(
                "Volumes", block([_volumes(ranked)], kind="panel"), intro=SCORES, key="volumes"
            ),
            Section("Patients", block([_patients(patients)], kind="panel"), key="patients"),
            Section("Pictures", _gallery(ranked, pictures), key="pictures"),
            Section(
                "Against the training",
                drift_block(drift),
                intro=DRIFT.replace("this volume", "all volumes"),
                key="drift",
            ),
            Section("Files", block([file_table(files)], kind="panel"), key="files"),
        ],
        badge=IN_SILICO if all(row.simulated for row in ranked) else "research use only",
        facts={
            "Volumes": f"{len(ranked):,}",
            "Patients": f"{len(patients):,}",
            "Candidates": f"{sum(row.candidates for row in ranked):,}",
            "Flagged": f"{sum(row.flagged for row in ranked):,}",
            "Clusters": f"{sum(row.clusters for row in ranked):,}",
        },
        links=navigation("predictions/index.html", run_pages() if home else []),
        versions=versions_of(("numpy", "polars")),
    )


SCORES = (
    "A volume's score is the largest probability of its candidates, 0 without any; a patient's "
    "is the largest of the volumes. The address leads to the slices."
)


def _warnings(volumes: Sequence[VolumeScores], own: bool) -> list[Markup]:
    """Return each doubt and each caution once, with the number of volumes it concerns."""
    counted = Counter(caution_text(item) for row in volumes for item in row.cautions)
    parts = [
        doubt_count_note(count)
        for count in count_doubts((row.volume_id, row.doubts) for row in volumes)
    ]
    parts += [
        note(f"{text} ({plural(count, 'volume')})", tone="warn") for text, count in counted.items()
    ]
    if own:
        text = (
            "These are the volumes that the model was made from: most of them were trained on. "
            "How good the model is, the evaluation page says, on its test part alone."
        )
        parts.insert(0, note(text, tone="warn"))
    return parts


def _cards(volumes: Sequence[VolumeScores], patients: Sequence[Mapping[str, Any]]) -> Markup:
    called = sum(row.flagged > 0 for row in volumes)
    clustered = sum(row.clusters > 0 for row in volumes)
    ill = sum(row["flagged"] > 0 for row in patients)
    return cards(
        [
            Card("Volumes with a flagged candidate", f"{called:,}", f"of {len(volumes):,}"),
            Card("Volumes with a cluster", f"{clustered:,}", f"of {len(volumes):,}"),
            Card("Patients with a flagged candidate", f"{ill:,}", f"of {len(patients):,}"),
        ]
    )


def _address(volume_id: str) -> str:
    return quote(f"{volume_id}/volume.html")


def _volumes(volumes: Sequence[VolumeScores]) -> Markup:
    link = Markup('<a href="{}">{}</a>')
    columns = [
        Column("Volume", "text"),
        Column("Score", "score"),
        Column("Flagged", "count"),
        Column("Clusters", "count"),
        Column("Candidates", "count"),
        Column("Cautions", "count"),
        Column("Doubts", "count"),
        Column("Patient", "text"),
        Column("Breast", "text"),
    ]
    rows = [
        [
            Cell(link.format(_address(row.volume_id), row.volume_id), row.volume_id),
            row.score,
            row.flagged,
            row.clusters,
            row.candidates,
            len(row.cautions),
            len(row.doubts),
            row.patient_id,
            f"{row.laterality} {row.view}",
        ]
        for row in volumes
    ]
    return table(columns=columns, rows=rows, caption="Scores of volumes, highest first")


def _patients(patients: Sequence[Mapping[str, Any]]) -> Markup:
    columns = [
        Column("Patient", "text"),
        Column("Volumes", "count"),
        Column("Score", "score"),
        Column("Flagged", "count"),
        Column("Clusters", "count"),
    ]
    names = ("patient_id", "volumes", "score", "flagged", "clusters")
    rows = [[row[name] for name in names] for row in patients]
    return table(columns=columns, rows=rows, caption="Scores of patients, highest first")


def _gallery(volumes: Sequence[VolumeScores], pictures: Mapping[str, str]) -> Markup:
    shown = [row.volume_id for row in volumes][:PICTURES]
    entries = [{"address": _address(name), "name": name, "image": pictures[name]} for name in shown]
    rest = [
        {"address": _address(row.volume_id), "name": row.volume_id} for row in volumes[PICTURES:]
    ]
    return fill("gallery", pictures=entries, rest=rest)
