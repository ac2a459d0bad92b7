"""The pages of scored volumes: one of all of them, and one of each to scroll through its slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import polars as pl
from msgspec.structs import replace

from tomocalc.accounts.doubts import count_doubts
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import Caution, Drift, VolumeScores
from tomocalc.model.release import ReleasedModel
from tomocalc.pages.catalogue import Link, navigation, run_pages
from tomocalc.pages.frame import render_page
from tomocalc.pages.parts import doubt_note, doubt_table, volume_links
from tomocalc.pages.templating import json_block
from tomocalc.pages.viewer import MOST_MARKS, viewer_data
from tomocalc.prediction.fit import caution_text
from tomocalc.prediction.scoring import Scored

PICTURES = 24
"""Pictures shown; the table links every volume."""

MOST_ROWS = 200
"""Rows of the table of candidates."""

IN_SILICO, REAL = "in-silico phantom", "research use only"
"""Badges."""

PREDICTIONS = "predictions/index.html"


@dataclass(frozen=True)
class PatientScores:
    """One patient: the largest score of her volumes, and what is flagged in all of them."""

    patient_id: str
    volumes: int
    score: float
    flagged: int
    clusters: int


def predictions_page(
    *,
    volumes: Sequence[VolumeScores],
    patients: Sequence[PatientScores],
    drift: Sequence[Drift],
    pictures: Mapping[str, str],
    own: bool,
    in_run: bool,
    files: Sequence[tuple[str, str]],
) -> str:
    """Return the page of all volumes.

    Parameters
    ----------
    volumes
        ``scores.json`` of every volume.
    patients
        In the order of the page.
    drift
        Of all candidates together.
    pictures
        volume_id to a small picture as a ``data:`` address.
    own
        Whether the volumes are the ones that the model was made from.
    in_run
        Whether the pages of the run are there, one folder up.
    files
        Address and meaning of the files beside the page.
    """
    ranked = sorted(volumes, key=lambda row: (-row.score, row.volume_id))
    addresses = {row.volume_id: quote(f"{row.volume_id}/volume.html") for row in ranked}
    named = [{"address": address, "name": name} for name, address in addresses.items()]
    counts = count_doubts((row.volume_id, row.doubts) for row in ranked)
    return render_page(
        "predictions",
        badge=IN_SILICO if all(row.simulated for row in ranked) else REAL,
        links=navigation(PREDICTIONS, run_pages() if in_run else []),
        packages=("numpy", "polars"),
        volumes=ranked,
        patients=patients,
        own=own,
        doubt_table=doubt_table(counts, addresses) if counts else None,
        caution_text=caution_text,
        cautions=_cautions(ranked),
        volume_links=volume_links,
        addresses=addresses,
        pictures=[one | {"image": pictures[one["name"]]} for one in named[:PICTURES]],
        other_pictures=named[PICTURES:],
        drift=drift,
        files=files,
    )


def _cautions(volumes: Sequence[VolumeScores]) -> list[tuple[Caution, list[str]]]:
    """Return each kind of caution once, with the volumes that have it."""
    found: dict[str, dict[str, Caution]] = {}
    for row in volumes:
        for caution in row.cautions:
            found.setdefault(caution.code, {})[row.volume_id] = caution
    joined = []
    for by_volume in found.values():
        first, *_ = by_volume.values()
        features = {name for caution in by_volume.values() for name in caution.features}
        joined.append((replace(first, features=tuple(sorted(features))), list(by_volume)))
    return joined


def volume_page(
    scored: Scored,
    *,
    model: ReleasedModel,
    manifest: VolumeManifest,
    previews: pl.DataFrame,
    explained: Mapping[int, Sequence[float]],
    files: Sequence[tuple[str, str]],
    home: str | None,
) -> str:
    """Return the page of one volume.

    Parameters
    ----------
    model
        That scored it.
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
    data = viewer_data(
        scored,
        model=model,
        manifest=manifest,
        previews=previews,
        explained=explained,
    )
    here = Link("volume.html", scored.scores.volume_id, "This volume", current=True)
    return render_page(
        "volume",
        badge=IN_SILICO if scored.scores.simulated else REAL,
        links=[Link(home, "Predictions", "All volumes"), here] if home else [],
        packages=("numpy", "polars"),
        extra="viewer",
        scores=scored.scores,
        marks=scored.marks.to_dicts(),
        clusters=scored.clusters.to_dicts(),
        manifest=manifest,
        data=json_block(data),
        doubt_note=doubt_note,
        caution_text=caution_text,
        files=files,
        MOST_ROWS=MOST_ROWS,
        MOST_MARKS=MOST_MARKS,
    )
