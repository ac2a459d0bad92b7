"""What the files that a configuration names must hold, told before any job runs.

Only what Snakemake itself needs is imported with this module; tables are read where more is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tomocalc.cells import LINE, Row
from tomocalc.comparison.catalogue import read_cited
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.plan.checks import Cohort
from tomocalc.plan.reading import Config, is_address

if TYPE_CHECKING:
    import polars as pl

LARGE = 100_000_000
"""Bytes of a table above which only the job that reads it looks into it."""
SAID = ("volume_id", "patient_id", "laterality", "site")
"""Columns of the sheet of volumes that a split may repeat: as written there, not resolved."""
MODEL = ("model.safetensors", "model.json")


def check_named_files(config: Config) -> None:
    """Check that tables, a split file, a model, cited figures and the data's folder are there.

    Raises
    ------
    TomocalcError
        ``E104``, one for each that the configuration names and that is missing.
    """
    raise_all(list(_missing(config)))


def check_contents(config: Config, volumes: Mapping[str, Row]) -> Cohort | None:
    """Check what tables, a split file and the sheet of cited figures hold.

    Tables are read as the jobs do that need them. Those that are large are left to these jobs, and
    all where packages lack that read them, as beside jobs with environments of their own.

    Returns who is in the table of this run, where it has one.

    Parameters
    ----------
    volumes
        Rows of the volumes of the run, by their id.

    Raises
    ------
    TomocalcError
        ``E302`` for a table and for faults of a split file, ``E102`` or ``E103`` for the sheet of
        cited figures.
    """
    own, other = config["table"], config["predict"]["table"]
    rows = None
    if config["source"] == "table" and not is_address(own["path"]):
        features, filled = config["features"], config["dataset"]["impute"] != "none"
        columns = {name: name for name in features} | own["features"]
        rows = _rows(own["path"], columns, config, needed=features, filled=filled)
    if other is not None:
        reads, fills = _model_reads(config)
        columns = {name: own["features"].get(name, name) for name in reads}
        _rows(other, columns, config, needed=() if fills else reads)
    if (splits := config["audit"]["splits"]) is not None:
        _check_split(splits, config, volumes, known=rows is not None)
    if (cited := config["comparison"]["cited"]) is not None:
        read_cited(cited)
    if rows is None:
        return None
    return Cohort.of_table(rows, config["features"], where=str(own["path"]))


def _rows(
    path: str, features: Mapping[str, str], config: Config, **asked: Any
) -> pl.DataFrame | None:
    """Return the rows of a table as a job will have them; None of one that is not looked into."""
    if Path(path).stat().st_size > LARGE:
        return None
    try:
        from tomocalc.dataset.feature_table import read_feature_table
    except ImportError:
        return None
    columns: Any = {**config["table"], "features": features}
    return read_feature_table(path, columns, unlabelled=config["labels"]["unlabelled"], **asked)[0]


def _check_split(path: str, config: Config, volumes: Mapping[str, Row], *, known: bool) -> None:
    """Hold a split file against the volumes of the run, or its table where that is *known*."""
    try:
        import polars as pl

        from tomocalc.audit.joining import own_rows
        from tomocalc.audit.split_file import own_parts
        from tomocalc.dataset.feature_table import raw_table
    except ImportError:
        return
    own = config["table"]
    if config["source"] != "table":
        texts = [
            {name: None if row.get(name) is None else str(row[name]) for name in SAID}
            for row in volumes.values()
        ]
        frame = pl.DataFrame(texts, dict.fromkeys(SAID, pl.String))
        own_rows(path, frame, patient="patient_id", of_volumes=True)
    elif known:
        table = raw_table(own["path"], header=own["header"]).drop(LINE)
        own_rows(path, table, patient=own["patient_id"], of_volumes=False)
    else:
        own_parts(path)


def _missing(config: Config) -> Iterator[TomocalcError]:
    """Say which files are not there."""
    paths = {
        "audit.splits": config["audit"]["splits"],
        "comparison.cited": config["comparison"]["cited"],
        "predict.table": config["predict"]["table"],
    }
    if config["source"] == "table" and not is_address(config["table"]["path"]):
        paths["table.path"] = config["table"]["path"]
    for key, path in paths.items():
        if path and not Path(path).is_file():
            yield _absent(key, f"`{path}` is not a file", "correct the path")
    model, root = config["predict"]["model"], config["volumes"]["data_root"]
    if model is not None and not all(Path(model, name).is_file() for name in MODEL):
        fix = "give the folder of a released model, or leave it empty: the model of this run"
        yield _absent("predict.model", f"`{model}` is no folder with {' and '.join(MODEL)}", fix)
    if root is not None and not Path(root).is_dir():
        yield _absent("volumes.data_root", f"`{root}` is no folder", "correct the path")


def _absent(key: str, why: str, fix: str) -> TomocalcError:
    return fault("named_file_missing", f"configuration key {key}", why, fix)


def _model_reads(config: Config) -> tuple[list[str], bool]:
    """Return what the model to predict with reads, and whether it fills what is missing.

    Of an unreadable card nothing is known here.
    """
    folder = config["predict"]["model"]
    if folder is None:
        return config["features"], config["dataset"]["impute"] != "none"
    try:
        card = json.loads(Path(folder, MODEL[1]).read_text(encoding="utf-8"))
        reads = [feature["name"] for feature in card["features"]]
        return reads, bool(card["preprocessing"].get("imputation"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [], True
