"""Data frames of any library, as Polars'."""

from typing import Any

import numpy as np
import polars as pl

from tomocalc.errors import fault


def frame_of(source: Any, fix: str = "give a data frame") -> pl.DataFrame:
    """Return a data frame of any library as one of Polars.

    Raises
    ------
    TomocalcError
        ``E302`` when it is no data frame, or two of its columns have the same name.
    """
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    try:
        if hasattr(source, "columns") and hasattr(source, "iloc"):
            return _of_pandas(source)
        return pl.from_dataframe(source)
    except pl.exceptions.DuplicateError as error:
        why = "two of its columns have the same name"
        raise fault(
            "table_unusable", "the data frame", why, "rename or delete one of them"
        ) from error
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        why = f"a {type(source).__name__} is no table"
        raise fault("table_unusable", "the data frame", why, fix) from error


def _of_pandas(frame: Any) -> pl.DataFrame:
    """Return a frame of pandas, which itself would need pyarrow to hand it over.

    NaN, NaT and NA are gaps; columns of mixed objects become text. An index is a column too, the
    last one, unless it only counts the rows.
    """
    columns = [(str(name), values) for name, values in frame.items()]
    if type(frame.index).__name__ != "RangeIndex":
        for level, own in enumerate(frame.index.names):
            named = own is not None and str(own) not in dict(columns)
            name = str(own) if named else f"__index_level_{level}__"
            columns.append((name, frame.index.get_level_values(level).to_series()))
    return pl.DataFrame([_series(name, values) for name, values in columns])


def _series(name: str, values: Any) -> pl.Series:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf":
        return pl.Series(name, values.to_numpy(), nan_to_null=True)
    objects = values.astype(object).where(values.notna(), None).tolist()
    found = pl.Series(name, objects, strict=False)
    if found.dtype == pl.Object:  # as periods and intervals
        return pl.Series(name, [None if one is None else str(one) for one in objects])
    is_text_of_few = str(values.dtype) == "category" and found.dtype == pl.String
    return found.cast(pl.Categorical) if is_text_of_few else found
