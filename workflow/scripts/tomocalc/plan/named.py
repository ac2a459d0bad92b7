"""What the files that a configuration names must hold, told before any job runs.

Only what Snakemake itself needs is imported with this module; tables are read where more is there.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tomocalc.audit.split_file import (
    Lines,
    Use,
    check_parts,
    is_parquet,
    split_fault,
    split_text,
    split_uses,
    wanted,
)
from tomocalc.cells import Row
from tomocalc.comparison.catalogue import read_cited
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.identity import spelling_key
from tomocalc.plan.checks import Cohort
from tomocalc.plan.reading import Config, is_address
from tomocalc.sections import TABLE

if TYPE_CHECKING:
    import polars as pl

LARGE = 100_000_000
"""Bytes of a table above which only the job that reads it looks into it."""
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
    if (splits := config["audit"]["splits"]) is not None and not is_parquet(splits):
        mine = None if config["source"] == "table" else volumes
        _check_split(splits, mine, None if rows is None else _raw(own), own["patient_id"])
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


def _raw(section: Config) -> pl.DataFrame:
    """Return the cells of a table that could be read."""
    import polars as pl

    from tomocalc.dataset.feature_table import raw_table

    return raw_table(section["path"], header=section["header"]).cast(pl.String).fill_null("")


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
    return TomocalcError(
        "E104",
        what="a file that the configuration names is missing",
        where=f"configuration key {key}",
        why=why,
        fix=fix,
    )


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


def _check_split(
    path: str,
    volumes: Mapping[str, Row] | None,
    table: pl.DataFrame | None,
    patient_id: str | None,
) -> None:
    """Hold a split file against the volumes of the run, or without any against its table."""
    of_table = volumes is None
    header, lines = split_text(path)
    uses = split_uses(path, header, lines, of_table=of_table)
    check_parts(path, {use.part for use in uses})
    column = "volume_id" if uses[0].patient_id is None else "patient_id"
    by_row = column == "volume_id" and all(use.volume_id == TABLE for use in uses)
    if column == "volume_id" and by_row is not of_table and TABLE not in (volumes or ()):
        named = ("it names volumes", "a table") if of_table else ("it numbers rows", "volumes")
        why = f"{named[0]}, and this run has {named[1]}"
        raise split_fault(path, why, wanted(of_table=of_table))
    if volumes is not None:
        _need_known(path, uses, {str(row[column]) for row in volumes.values()}, column)
    elif not by_row and patient_id is None:
        why = "it names patients, and the table has no column of them"
        raise split_fault(path, why, "name it in table.patient_id, or give row and part")
    elif not by_row and table is not None:
        _need_known(path, uses, {*table[str(patient_id)]}, column)
    elif by_row and table is not None:
        last = max(uses, key=lambda use: use.candidate_id or 0)
        if (last.candidate_id or 0) >= table.height:
            why = f"it names row {last.candidate_id}, and the table's rows are 0 to "
            fix = "count rows from 0, without the header"
            raise split_fault(f"{path}:{last.line}", f"{why}{table.height - 1}", fix)
        rows = table.rows(named=True)
        if patient_id is not None:
            rows = [{"patient_id": row.get(patient_id, ""), **row} for row in rows]
        _need_same(path, header, lines, [(use, rows[use.candidate_id or 0]) for use in uses])
    if volumes is not None and column == "volume_id":
        _need_same(path, header, lines, [(use, volumes[str(use.volume_id)]) for use in uses])


def _need_same(
    path: str, header: Sequence[str], lines: Lines, told: Iterable[tuple[Use, Row]]
) -> None:
    """Hold what a split file says beside against the rows that it is about: its order may differ.

    Parameters
    ----------
    told
        Of every line what it says, and the row of the table or of the sheet.
    """
    cells = dict(lines)
    for use, row in told:
        for name, text in zip(header, cells[use.line], strict=False):
            own = str(row.get(name) or "")
            if own and text and spelling_key(own) != spelling_key(text):
                why = f"it says {name} `{text}`, and what it is about has `{own}`"
                fix = "see that rows are counted from 0 in the table's order, without the header"
                raise split_fault(f"{path}:{use.line}, column {name}", why, fix)


def _need_known(path: str, uses: Sequence[Use], known: Collection[str], column: str) -> None:
    """Name the first of the patients or volumes of a split file that are none of this run."""
    named = {getattr(use, column): use.line for use in reversed(uses)}
    unknown = {name: line for name, line in reversed(named.items()) if name not in known}
    if unknown:
        name, line = next(iter(unknown.items()))
        folded = {one.casefold(): one for one in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=1)
        what = column.partition("_")[0]
        why = f"{len(unknown)} of its {what}s are none of this run, the first is `{name}`"
        fix = f"write every {what} as in the sheet of volumes, or the table"
        hint = f"did you mean `{folded[close[0]]}`? Otherwise {fix}" if close else fix
        raise split_fault(f"{path}:{line}, column {column}", why, hint)
