"""What the script of a volume's page reads: frames, crops, marks, and why each is one."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.image.previews import CROP_MM, images_of
from tomocalc.model.card import Distribution
from tomocalc.model.release import ReleasedModel
from tomocalc.pages.charts import compact
from tomocalc.pages.words import pretty
from tomocalc.prediction.fit import percentile
from tomocalc.prediction.scoring import Scored
from tomocalc.tables import MEASURED

LARGEST = 6_800_000
"""Bytes of all frames and crops: a third more as text, so the page stays below 10 MB."""

MOST_MARKS = 2000
"""Marks that can be shown, the likeliest."""

MOST_DETAILS = 200
"""Candidates whose features and crops are shown, the likeliest."""

UNIT = {column.name: column for column in MEASURED}
WORDS = {
    "calcification": ("flagged", "", "calcifications", "others"),
    "malignancy": ("called malignant", "of its cluster ", "malignant clusters", "benign ones"),
}
"""Of a mark from the threshold on, of its probability, and of the two classes."""


def viewer_data(
    scored: Scored,
    *,
    model: ReleasedModel,
    manifest: VolumeManifest,
    previews: pl.DataFrame,
    explained: Mapping[int, Sequence[float]],
) -> dict[str, Any]:
    """Return what the page's script reads; lengths in pixels of a slice.

    Parameters
    ----------
    model
        That scored it.
    previews
        Frames of slices and crops of candidates; see `tomocalc.image.previews`.
    explained
        Candidate to what each feature of the model adds to its log-odds.
    """
    frames, crops = fitted(previews)
    scores, shown = scored.scores, scored.marks.head(MOST_MARKS)
    pixel_mm = float(np.mean(manifest.pixel_spacing_mm))
    best = shown.row(0, named=True)["slice"] if shown.height else manifest.slices // 2
    return {
        "name": f"{scores.laterality} {scores.view}",
        "words": WORDS[scores.question],
        "rows": manifest.rows,
        "columns": manifest.columns,
        "slices": [frames.get(index) for index in range(manifest.slices)],
        "start": best,
        "threshold": scores.threshold,
        "floor": round(min(scores.threshold, 0.5) / 2, 2),
        "radius": max(1.5 / pixel_mm, max(manifest.rows, manifest.columns) / 110),
        "crop_mm": CROP_MM,
        "marks": [_mark(row) for row in shown.iter_rows(named=True)],
        "clusters": [_circle(row, pixel_mm) for row in scored.clusters.iter_rows(named=True)],
        "features": [_feature(name, model.domain.features[name]) for name in model.features],
        "details": _details(shown.head(MOST_DETAILS), model, crops, explained),
    }


def _mark(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["candidate_id"],
        "z": row["slice"],
        "y": round(row["row"], 1),
        "x": round(row["col"], 1),
        "p": round(row["probability"], 7),  # written with three decimals, as in the table
        "d": round(row["diameter_mm"], 3),
        "called": row["flagged"],
        "c": row["cluster_id"],
    }


def _circle(row: Mapping[str, Any], pixel_mm: float) -> dict[str, Any]:
    return {
        "x": round(row["column"], 1),
        "y": round(row["row"], 1),
        "r": round(row["radius_mm"] / pixel_mm, 1),
        "first": row["slice_first"],
        "last": row["slice_last"],
    }


def _details(
    shown: pl.DataFrame,
    model: ReleasedModel,
    crops: Mapping[int, str],
    explained: Mapping[int, Sequence[float]],
) -> dict[int, Any]:
    """Return values, their place in the training, crop and, where known, parts of candidates."""
    known = model.domain.features
    percents = {
        name: 100 * percentile(shown[name].to_numpy().astype(np.float64), known[name])
        for name in model.features
    }
    return {
        row["candidate_id"]: {
            "values": compact([row[name] for name in model.features]),
            "percent": compact([percents[name][place] for name in model.features]),
            "parts": compact(list(explained.get(row["candidate_id"], []))),
            "crop": crops.get(row["candidate_id"]),
        }
        for place, row in enumerate(shown.iter_rows(named=True))
    }


def _feature(name: str, known: Distribution) -> dict[str, Any]:
    """Return name, unit, and the middle half of both classes in percentiles of the training."""

    def band(label: str) -> list[float] | None:
        numbers = known.classes.get(label)
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


def fitted(previews: pl.DataFrame) -> tuple[dict[int, str], dict[int, str]]:
    """Return frames and crops as base64 text, frames coarser where they would be too many.

    Quality is lowered first, then size, until all of them fit into `LARGEST`.
    """
    frames, crops = images_of(previews, "slice"), images_of(previews, "candidate")
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
