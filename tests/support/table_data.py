"""Finished tables on their way into the data set, the reference paper's among them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

import merge_dataset
import split_dataset
from support.defaults import CONFIG, PAPER
from tomocalc.dataset.feature_table import TableFacts, read_feature_table
from tomocalc.files import read_json
from tomocalc.sections import LabelsSection

LABELS: LabelsSection = CONFIG["labels"] | {"unlabelled": "fail"}
"""The section of the configuration."""


def merge_and_split(
    folder: Path,
    table: str,
    *,
    columns: Mapping[str, Any],
    features: Sequence[str],
    protocol: str,
    config: Mapping[str, Any],
) -> dict[str, str]:
    """Write the four files of ``results/dataset/`` into *folder* and return their paths.

    *columns* are what differs from the section ``table`` of *config*, the configuration.
    """
    paths = {
        "candidates": str(folder / "candidates.parquet"),
        "splits": str(folder / "splits.parquet"),
        "quality": str(folder / "quality.json"),
        "split": str(folder / "split.json"),
    }
    merge_dataset.main(
        source="table",
        manifests=[],
        annotations=None,
        table=table,
        columns={**config["table"], **columns},
        features=list(features),
        labels=config["labels"],
        dataset=config["dataset"],
        image=config["image"],
        candidates=paths["candidates"],
        quality=paths["quality"],
        croissant=str(folder / "croissant.json"),
    )
    split_into(
        folder,
        paths["candidates"],
        protocol=protocol,
        features=features,
        settings=config["split"],
        duplicates=config["dataset"]["duplicates"],
    )
    return paths


def split_into(
    folder: Path,
    candidates: str | Path,
    *,
    protocol: str,
    features: Sequence[str],
    settings: Mapping[str, Any],
    own: str | None = None,
    duplicates: str = "drop",
) -> None:
    """Write the split of *candidates* and its account into *folder*."""
    split_dataset.main(
        candidates=str(candidates),
        own=own,
        features=list(features),
        protocol=protocol,
        duplicates=duplicates,
        seed=1,
        settings=settings,
        splits=str(folder / "splits.parquet"),
        account=str(folder / "split.json"),
    )


def merge_volumes(
    folder: Path, manifests: Iterable[str | Path], annotations: str = "", *more: str, **changes: Any
) -> dict[str, Any]:
    """Merge volumes with the lines of a sheet, which has the columns *more*; return the account."""
    sheet = folder / "annotations.tsv"
    head = "\t".join(["volume_id\tslice\tx\ty\tradius\tkind", *more])
    sheet.write_text(f"{head}\n{annotations}")
    given: dict[str, Any] = {
        "features": ["area", "contrast"],
        "labels": LABELS,
        "dataset": {"duplicates": "drop", "impute": "none", "max_bad_fraction": 0.01},
        "image": {"doubts": "report", "allowed_doubts": []},
    }
    merge_dataset.main(
        source="volumes",
        manifests=list(map(str, manifests)),
        annotations=str(sheet),
        table=None,
        columns={},
        candidates=str(folder / "candidates.parquet"),
        quality=str(folder / "quality.json"),
        croissant=str(folder / "croissant.json"),
        **given | changes,
    )
    return read_json(folder / "quality.json")


def read_woods() -> pl.DataFrame:
    """Read the reference paper's table from the folder that ``TOMOCALC_TEST_DATA`` names."""
    columns = CONFIG["table"] | PAPER["table"]
    path = Path(os.environ["TOMOCALC_TEST_DATA"]) / "woods/mammography.csv"
    return read_feature_table(str(path), columns, unlabelled="fail")[0]


MAP: Any = {
    "header": True,
    "features": {"area": "A", "contrast": "C"},
    "label": "y",
    "positive": "yes",
    "negative": None,
    "patient_id": None,
    "cluster": None,
    "site": None,
}


def read(
    tmp_path: Path, text: str, *, unlabelled: str = "fail", **changes: Any
) -> tuple[pl.DataFrame, TableFacts]:
    """Write a table and read it as `MAP` says."""
    path = tmp_path / "table.csv"
    path.write_text(text)
    return read_feature_table(str(path), MAP | changes, unlabelled=unlabelled)
