"""Read and check what a run is planned from: its settings, its sheets, the files it names.

Snakemake asks while it reads the rules, so only what Snakemake itself needs is imported here.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomocalc.cells import LINE, Row, row_error, together
from tomocalc.config import Schema, load_schema
from tomocalc.delimited import DATASETS
from tomocalc.errors import TomocalcError, fault, raise_all
from tomocalc.files import stable_number
from tomocalc.identity import patient_keys
from tomocalc.phantom.cohort import phantom_volumes
from tomocalc.plan.checks import (
    CALCIFICATION,
    Cohort,
    by_outcome,
    missing_outcomes,
    wrong_places,
    wrong_spacing,
)
from tomocalc.reader_terms import missing_opinions
from tomocalc.readers.sources import foreign_path, local_path
from tomocalc.sheets import CALCIFIED, check_annotations, check_volumes

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


PATHS = (
    "volumes.sheet",
    "volumes.annotations",
    "volumes.data_root",
    "table.path",
    "predict.model",
    "predict.volumes",
    "predict.annotations",
    "predict.table",
    "comparison.cited",
    "audit.splits",
    "evaluation.seal",
    *(f"import.{name}" for name in DATASETS),
    *(f"pathvars.{name}" for name in ("results", "resources", "logs")),
)
"""Keys whose values are paths."""


def is_address(path: str) -> bool:
    """Return whether a table is fetched from an address."""
    return path.startswith(("http://", "https://"))


def table_file(config: Mapping[str, Any]) -> str:
    """Return the feature table: the user's own file, or the fetched one."""
    path = str(config["table"]["path"])
    return f"<resources>/tables/{path.rsplit('/', 1)[1]}" if is_address(path) else path


def localise_paths(config: Config) -> None:
    """Write out ``~`` in the paths of the configuration.

    Parameters
    ----------
    config
        Is changed.

    Raises
    ------
    TomocalcError
        ``E101``, one for each path that cannot be meant: of Windows, or with a variable.
    """
    errors = []
    for key in PATHS:
        section, _, name = key.partition(".")
        path = config[section][name]
        if path is None or is_address(path):
            continue
        if foreign := foreign_path(path):
            why, fix = foreign[0], foreign[1].partition(", or set volumes.data_root")[0]
            errors.append(fault("wrong_path", f"configuration key {key}", why, fix))
        config[section][name] = local_path(path)
    config["runs"] = [local_path(folder) for folder in config["runs"]]
    raise_all(errors)


def no_utf8(error: UnicodeEncodeError) -> TomocalcError:
    """Return what is wrong where a path cannot be told to the system."""
    why = f"its characters are not in the system's encoding, {error.encoding}"
    return fault("path_foreign_to_locale", ascii(error.object), why)


def shipped(path: str | None, home: Path) -> str | None:
    """Return a file that comes with the workflow, unless the working directory has one.

    Parameters
    ----------
    path
        As the configuration names it.
    home
        Folder of the workflow.
    """
    if path is None or Path(path).exists() or not (home / path).is_file():
        return path
    return os.path.relpath(home / path)


def measured_slices(config: Mapping[str, Any]) -> int:
    """Return on how many slices a candidate is measured; a member of a cluster on its own alone."""
    sequence = config["sequence"]
    return 1 if sequence["kind"] == "members" else sequence["slices"]


@dataclass(frozen=True)
class Sheets:
    """What the sheets of a run say.

    Attributes
    ----------
    volumes, predicted
        Rows of the volumes of the run and of those to predict, by their id.
    masks, predicted_masks
        Files that their annotations name, sorted.
    annotated, malignant
        Ids of the volumes with an annotated calcification, and with a malignant finding where
        that is asked.
    cohort
        Who is in the run; None where nobody looked, and of a table.
    """

    volumes: dict[str, Row]
    predicted: dict[str, Row]
    masks: list[str]
    predicted_masks: list[str]
    annotated: set[str]
    malignant: set[str]
    cohort: Cohort | None


def read_sheets(config: Mapping[str, Any], schemas: Mapping[str, Schema], *, look: bool) -> Sheets:
    """Read all sheets of the run, or the phantom's plan.

    Parameters
    ----------
    schemas
        Of the sheets of ``volumes`` and ``annotations``.
    look
        Whether to look for the images and to read the annotations; a job on a cluster need not,
        unless a search has to learn.

    Raises
    ------
    TomocalcError
        As `tomocalc.sheets.check_volumes` and `check_annotations`: the mistakes of all sheets.
    """
    section = config["volumes"]
    root = section["data_root"]
    volumes: dict[str, Row] = {}
    masks: set[str] = set()
    predicted_masks: set[str] = set()
    annotated: set[str] = set()
    malignant: set[str] = set()
    cohort = None
    learned = config["candidates"]["generator"] == "learned"
    tolerance = config["labels"]["tolerance_mm"]
    errors: list[TomocalcError] = []
    if config["source"] == "phantom":
        rows: list[Any] = phantom_volumes(config["phantom"], config["seed"])
        volumes = _by_id([dict(row) for row in rows])
        annotated = {row["volume_id"] for row in rows if row["calcified"]}
        needed = {CALCIFICATION: annotated}
        if config["target"] == "malignancy":
            rows = [row for row in rows if row["outcome"]]
            needed = by_outcome(rows, "outcome")
            malignant = needed["malignant finding"]
        where = "configuration key phantom.patients"
        cohort = Cohort.of(rows, needed, findings=len(annotated), where=where)
    elif config["source"] == "volumes":
        own, names, errors = check_volumes(
            section["sheet"], schemas["volumes"], data_root=root, look=look, kinds=section["kinds"]
        )
        volumes = _by_id(own)
        if look or learned:  # who a search learns from depends on them
            found: list[Row] = []
            more: list[TomocalcError] = []
            where = "configuration key insertion.fraction"
            if section["annotations"] is not None:
                where = section["annotations"]
                found, more = check_annotations(
                    where, schemas["annotations"], names, data_root=root
                )
                errors += more or wrong_places(where, found, own, tolerance_mm=tolerance)
            masks = {row["mask"] for row in found if row["mask"]}
            errors += wrong_spacing(section["sheet"], own) if look else []
            annotated = {row["volume_id"] for row in found if row["kind"] in CALCIFIED}
            needed = {CALCIFICATION: annotated | inserted_volumes(config, volumes)}
            if config["target"] == "malignancy" and not more:
                clusters = [row for row in found if row["kind"] in CALCIFIED]
                errors += missing_outcomes(clusters, where, others=len(found) - len(clusters))
                errors += missing_opinions(clusters, config["features"], where)
                needed = by_outcome(clusters, "pathology")
                malignant = needed["malignant finding"]
                own = [row for row in own if row["volume_id"] in set.union(*needed.values())]
            cohort = Cohort.of(own, needed, findings=len(found), where=where)
    predicted = volumes
    sheet = config["predict"]["volumes"]
    if sheet is not None:
        new, names, more = check_volumes(
            sheet, schemas["volumes"], data_root=root, look=look, kinds=section["kinds"]
        )
        predicted = _by_id(new)
        errors += more + wrong_spacing(sheet, new) if look else more
        if look and (labels := config["predict"]["annotations"]) is not None:
            found, more = check_annotations(labels, schemas["annotations"], names, data_root=root)
            predicted_masks = {row["mask"] for row in found if row["mask"]}
            errors += more or wrong_places(labels, found, new, tolerance_mm=tolerance)
            clusters = [row for row in found if row["kind"] in CALCIFIED]
            known = more or any(row["pathology"] for row in clusters)
            if config["target"] == "malignancy" and not known:
                errors += missing_outcomes(clusters, labels, others=len(found) - len(clusters))
            model = Path(config["pathvars"]["results"], "model")
            if Path(config["predict"]["model"] or model).resolve() == model.resolve():
                errors += _trained_on(sheet, new, volumes.values())
    raise_all(errors)
    return Sheets(
        volumes, predicted, sorted(masks), sorted(predicted_masks), annotated, malignant, cohort
    )


def inserted_volumes(config: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Return the volumes among *names* into which clusters are put.

    Each by its id and the seed alone: another volume more or less changes nothing for this one.
    """
    section, seed = config["insertion"], config["seed"]
    if not section["enabled"]:
        return set()
    below = section["fraction"] * 2**128
    return {name for name in names if stable_number(seed, name, "calcified") < below}


def _trained_on(sheet: str, rows: Iterable[Row], own: Iterable[Row]) -> list[TomocalcError]:
    """Return the rows to validate a model on whose patients are among its *own*."""
    known = {key for row in own if row["patient_id"] for key in patient_keys(row["patient_id"])}
    why = "is a patient of this run, whose model would be validated on what it has learned from"
    fix = "take them out, or give the sheet of other patients; if an id is used twice, change one"
    return together(
        (row[LINE], "", row_error(f"{sheet}:{row[LINE]}", f"`{row['patient_id']}` {why}", fix))
        for row in rows
        if row["patient_id"] and known.intersection(patient_keys(row["patient_id"]))
    )


def _by_id(rows: list[Row]) -> dict[str, Row]:
    return {row["volume_id"]: row for row in rows}
