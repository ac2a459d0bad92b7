"""What may be wrong with data that can be read: pages tell it, nothing is changed."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl

from tomocalc.accounts.manifest import VolumeManifest, is_simulated
from tomocalc.accounts.quality import DatasetDoubt
from tomocalc.dataset.table_checks import CODES, OFTEN, cell_text, nameless
from tomocalc.identity import is_empty, spelling_key
from tomocalc.readers.dicom_lists import VIEWS

MAY_BE_CODES = CODES | {
    *(0.0, 9.0, 99.0, 9.99, 99.9, 999.9, 99.99, 777.0, 888.0, 7777.0, 8888.0),
    *(255.0, 1023.0, 4095.0, 32767.0, -88.0, -77.0, -9.99, -99.9, -99.99, -999.9),
    *(1e10, 1e15, 1e20, 1e30, -1e10, -1e15, -1e20, -1e30),
}
"""Numbers that stand for no value, or for one that was cut off, in some tables."""
NEIGHBOURS = 10
"""Other numbers around one, whose cells are compared with its own."""
TIMES = 3
"""How often a number stands in as many cells as any of its neighbours, to be doubtful."""
STRUCTURAL = 0.2
"""Share of the cells from which on 0 is a measurement, however far off it lies."""
GRADES, CODE_OF_GRADES = 6, 9
"""Most grades of a scale, such as BI-RADS, beside which 9 means unknown."""
VIEW = re.compile(r"([LR]|LEFT|RIGHT)?[-_ ]*([A-Z]+)")


def table_doubts(
    table: pl.DataFrame,
    features: Iterable[str],
    *,
    label: str,
    patient_id: str | None,
    cluster: str | None,
) -> tuple[DatasetDoubt, ...]:
    """Return what is doubtful of the rows that are taken from a table.

    Parameters
    ----------
    table
        All of its columns; those of features hold numbers, or texts that are.
    features, label, patient_id, cluster
        Columns, of the last two None where there is none.
    """
    features = list(features)
    found = [*_codes(table, features)]
    if nameless(table, patient_id):
        return tuple(found)
    names = table.select(cell_text(patient_id)).to_series()
    numbers = names.cast(pl.Int64, strict=False).drop_nulls()
    if table.height > 1 and numbers.len() == names.n_unique() == table.height:
        steps = numbers.diff().drop_nulls().unique().to_list()
        if steps == [1]:
            found.append(DatasetDoubt(code="patients_numbered", column=str(patient_id)))
    if cluster is None:
        others = [name for name in table.columns if name not in {*features, label, patient_id}]
        found += _several_views(table, others, label, names)
    return tuple(found)


def doubts_of_all(volumes: Sequence[VolumeManifest]) -> Iterator[DatasetDoubt]:
    """Say that volumes are called like their patients, so that nothing is grouped; or simulated."""
    keys = [map(spelling_key, (volume.volume_id, volume.patient_id)) for volume in volumes]
    if len(keys) > 1 and all(volume == patient for volume, patient in keys):
        yield DatasetDoubt(code="patients_as_volumes", values={"volumes": float(len(keys))})
    if count := sum(is_simulated(volume.site, volume.vendor) for volume in volumes):
        yield DatasetDoubt(code="simulated", values={"volumes": float(count)})


def _codes(table: pl.DataFrame, features: Sequence[str]) -> Iterator[DatasetDoubt]:
    """Yield numbers that are no measurement by their look, once a column."""
    for column in features:
        numbers = table[column].cast(pl.Float64, strict=False).drop_nulls().drop_nans()
        values, counts = np.unique(numbers.to_numpy(), return_counts=True)
        for place in np.flatnonzero(np.isin(values, list(MAY_BE_CODES))):
            if _is_strange(values, counts, int(place)):
                told = {"value": float(values[place]), "cells": float(counts[place])}
                yield DatasetDoubt(code="code_for_none", column=column, values=told)


def _is_strange(values: np.ndarray, counts: np.ndarray, place: int) -> bool:
    """Return whether one of ascending values lies far off, comes too often, or is alone whole."""
    value, count = values[place], counts[place]
    rest, often = np.delete(values, place), np.delete(counts, place)
    if rest.size < OFTEN:
        return False
    lower, upper = np.repeat(rest, often)[[often.sum() // 4, (3 * often.sum()) // 4]]
    if abs(value) == CODE_OF_GRADES:
        return bool(rest.size <= GRADES >= np.abs(rest).max() and count >= OFTEN)
    outside = not rest[0] < value < rest[-1]
    far = bool(outside and np.abs(rest - value).min() > 2 * (upper - lower) > 0)
    if far or value == 0:
        return far and not (value == 0 and count > STRUCTURAL * counts.sum())
    # the nearest values on both sides
    around = often[max(place - NEIGHBOURS // 2, 0) : place + NEIGHBOURS // 2]
    if count >= OFTEN and count >= TIMES * around.max(initial=1):
        return True
    return bool(value == np.rint(value) and not (rest == np.rint(rest)).any())


def _several_views(
    table: pl.DataFrame, columns: Sequence[str], label: str, names: pl.Series
) -> Iterator[DatasetDoubt]:
    """Say that rows show one patient in several views, each of them counted for itself."""
    for column in columns:
        texts = table.select(cell_text(column).str.to_uppercase()).to_series()
        views = {}
        for text in texts.unique():
            told = VIEW.fullmatch(text)
            if told is not None and told[2] in VIEWS:
                views[text] = told[2]
            elif not is_empty(text):
                break
        else:
            rows = pl.DataFrame({"who": names, "view": texts.replace(views), "label": table[label]})
            seen = rows.group_by("who", "label").agg(pl.col("view").n_unique())
            patients = seen.filter(pl.col("view") > 1)["who"].n_unique()
            if patients:
                told = {"patients": float(patients)}
                yield DatasetDoubt(code="several_views", column=column, values=told)
                return
