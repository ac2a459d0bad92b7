"""What the graph of jobs is planned from: volumes, masks and files that must be there.

Snakemake asks while it reads the rules, so only what Snakemake itself needs is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tomocalc.config import Schema, load_schema
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.phantom.cohort import phantom_volumes
from tomocalc.sheets import Row, read_annotations, read_volumes

Config = dict[str, Any]


def take_short_form(config: Config, files: Iterable[str | Path]) -> None:
    """Take ``model=FOLDER volumes=SHEET`` for ``predict: {model: FOLDER, volumes: SHEET}``.

    Both names are sections of the configuration too, which such a text has replaced: they are
    read again.

    Parameters
    ----------
    config
        Is changed.
    files
        The configuration files, the defaults first.
    """
    for name in ("model", "volumes"):
        if isinstance(config[name], str):
            config["predict"] = {**config["predict"], name: config[name]}
            config[name] = {}
            for file in files:
                section = load_schema(file).get(name)
                config[name].update(section if isinstance(section, dict) else {})


def check_named_files(config: Mapping[str, Any]) -> None:
    """Check that the table, the split file and the sheet of cited figures are there.

    Raises
    ------
    TomocalcError
        ``E104``, one for each file that the configuration names and that is missing.
    """
    paths = {
        "audit.splits": config["audit"]["splits"],
        "comparison.cited": config["comparison"]["cited"],
    }
    if config["source"] == "table" and not is_address(config["table"]["path"]):
        paths["table.path"] = config["table"]["path"]
    raise_all(
        [
            TomocalcError(
                "E104",
                what="a file that the configuration names is missing",
                where=f"configuration key {key}",
                why=f"`{path}` is not a file",
                fix="correct the path",
            )
            for key, path in paths.items()
            if path and not Path(path).is_file()
        ]
    )


def is_address(path: str) -> bool:
    """Return whether a table is fetched from an address."""
    return path.startswith(("http://", "https://"))


def volume_rows(config: Mapping[str, Any], schema: Schema, *, look: bool) -> dict[str, Row]:
    """Return the volumes of the run by their id, from the sheet or the phantom's plan.

    Parameters
    ----------
    schema
        Of the sheet of volumes.
    look
        Whether to look for the images of every volume.

    Raises
    ------
    TomocalcError
        As `tomocalc.sheets.read_volumes`.
    """
    if config["source"] == "table":
        return {}
    if config["source"] == "phantom":
        rows: list[Any] = phantom_volumes(config["phantom"], config["seed"])
        return {row["volume_id"]: dict(row) for row in rows}
    return _by_id(config["volumes"]["sheet"], config, schema, look=look)


def predicted_rows(
    config: Mapping[str, Any], volumes: dict[str, Row], schema: Schema, *, look: bool
) -> dict[str, Row]:
    """Return the volumes to predict by their id: those of their own sheet, or the run's."""
    sheet = config["predict"]["volumes"]
    return volumes if sheet is None else _by_id(sheet, config, schema, look=look)


def _by_id(sheet: str, config: Mapping[str, Any], schema: Schema, *, look: bool) -> dict[str, Row]:
    rows = read_volumes(sheet, schema, data_root=config["volumes"]["data_root"], look=look)
    return {row["volume_id"]: row for row in rows}


def mask_files(config: Mapping[str, Any], volumes: Mapping[str, Row], schema: Schema) -> list[str]:
    """Return the masks that the sheet of annotations names, sorted; its mistakes come first.

    Raises
    ------
    TomocalcError
        As `tomocalc.sheets.read_annotations`.
    """
    if config["source"] != "volumes":
        return []
    section = config["volumes"]
    rows = read_annotations(
        section["annotations"],
        schema,
        list(volumes.values()),
        others=None,
        data_root=section["data_root"],
    )
    return sorted({row["mask"] for row in rows if row["mask"]})


def protocols(config: Mapping[str, Any]) -> list[str]:
    """Return the protocols that are compared and audited, the run's own first."""
    own = config["protocol"]
    user = ["own"] if config["audit"]["splits"] else []
    return [own, "paper" if own == "honest" else "honest", *user]


def runs_to_compare(config: Mapping[str, Any]) -> list[str]:
    """Return the files of finished runs that are set side by side; without runs, what to do.

    They are absolute, so that no rule of this run makes them anew.
    """
    if not config["runs"]:
        return ["pass --config runs='[results, results/paper]'"]
    names = (
        "evaluation/metrics.json",
        "evaluation/predictions.parquet",
        "model/model.json",
        "dataset/quality.json",
    )
    return [str(Path(folder).absolute() / name) for folder in config["runs"] for name in names]
