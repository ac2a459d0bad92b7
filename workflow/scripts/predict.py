"""Gather the scores of all predicted volumes into one page and two sheets."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from tomocalc.accounts.prediction import VolumeScores
from tomocalc.dataset.listing import cohort_doubts
from tomocalc.errors import fault
from tomocalc.files import sheet_text, write_text
from tomocalc.log import run
from tomocalc.model.release import load_model
from tomocalc.pages.frame import write_page
from tomocalc.pages.index import thumbnail
from tomocalc.pages.predictions import PatientScores, predictions_page
from tomocalc.pages.question import words_of_model
from tomocalc.parquet import read_parquet
from tomocalc.prediction.fit import drift

log = logging.getLogger("tomocalc.predict")

VOLUMES = [
    "volume_id",
    "patient_id",
    "laterality",
    "view",
    "score",
    "threshold",
    "candidates",
    "flagged",
    "clusters",
    "cautions",
    "doubts",
]
PATIENTS = ["patient_id", "volumes", "score", "flagged", "clusters"]
FILES = [
    ("volumes.tsv", "score, counts, cautions and doubts of every volume"),
    ("patients.tsv", "score of every patient: the largest of the volumes"),
]


def main(
    *,
    scores: list[str],
    marks: list[str],
    overlays: list[str],
    weights: str,
    own: bool,
    volumes: str,
    patients: str,
    page: str,
) -> None:
    """Write the sheets of *volumes* and *patients* and their *page*.

    Parameters
    ----------
    scores, marks, overlays
        ``scores.json``, ``marks.parquet`` and picture of every volume, in the same order.
    weights
        The model's file, whose card knows the training.
    own
        Whether the volumes are the ones that the model was made from.

    Raises
    ------
    TomocalcError
        ``E104`` when there is no volume.
    """
    if not scores:
        why = "this run reads a table and has no volumes of its own"
        raise fault("nothing_to_predict", "configuration key predict.volumes", why)
    rows = _with_cohort_doubts([VolumeScores.read(path) for path in scores])
    by_patient = _patients(rows)
    model = load_model(weights)
    found = pl.concat([read_parquet(path) for path in marks])
    if model.clusters:
        found = found.filter(pl.col("member_rank") == 0)  # each cluster once
    shifts = drift(found, model.domain)
    write_text(
        volumes,
        sheet_text(
            VOLUMES,
            [
                _rounded({name: getattr(row, name) for name in VOLUMES})
                | {
                    "cautions": " ".join(item.code for item in row.cautions),
                    "doubts": " ".join(doubt.code for doubt in row.doubts),
                }
                for row in rows
            ],
        ),
    )
    write_text(patients, sheet_text(PATIENTS, [_rounded(asdict(row)) for row in by_patient]))
    html = predictions_page(
        volumes=rows,
        patients=by_patient,
        drift=shifts,
        pictures={row.volume_id: thumbnail(path) for row, path in zip(rows, overlays, strict=True)},
        own=own,
        in_run=own and (Path(page).parent.parent / "index.html").is_file(),
        files=FILES,
    )
    write_page(page, html, words_of_model(clusters=model.clusters is not None))
    log.info("%d volumes of %d patients", len(rows), len(by_patient))


def _with_cohort_doubts(rows: list[VolumeScores]) -> list[VolumeScores]:
    """Add what only the volumes together tell: one breast or one study under several patients."""
    doubts = cohort_doubts(rows)
    return [msgspec.structs.replace(row, doubts=doubts[row.volume_id]) for row in rows]


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{v:.7g}" if isinstance(v, float) else v for name, v in row.items()}


def _patients(rows: list[VolumeScores]) -> list[PatientScores]:
    """Return one row per patient, the highest score first."""
    groups: dict[str, list[VolumeScores]] = {}
    for row in rows:
        groups.setdefault(row.patient_id, []).append(row)
    found = [
        PatientScores(
            patient_id=patient,
            volumes=len(mine),
            score=max(row.score for row in mine),
            flagged=sum(row.flagged for row in mine),
            clusters=sum(row.clusters for row in mine),
        )
        for patient, mine in groups.items()
    ]
    return sorted(found, key=lambda row: (-row.score, row.patient_id))


if __name__ == "__main__":
    run(main, snakemake)
