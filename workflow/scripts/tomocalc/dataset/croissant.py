"""A data set described for catalogues and loaders, in Croissant 1.0 (JSON-LD of schema.org)."""

from pathlib import Path
from typing import Any

import polars as pl

from tomocalc.files import file_sha256, write_json
from tomocalc.tables import Column

TERMS = (
    "citeAs column equivalentProperty extract field fileObject fileProperty fileSet "
    "format includes isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField "
    "transform"
)
"""Of the vocabulary, each called in files as it is there."""
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{term: f"cr:{term}" for term in TERMS.split()},
}
"""That of the specification, without which loaders take no file."""


def describe_dataset(
    path: str | Path, candidates: str | Path, columns: tuple[Column, ...], *, source: str
) -> None:
    """Write what the columns of *candidates* mean, and the digest of the file.

    Parameters
    ----------
    path
        Of the description; it names the table by its place beside it.
    candidates
        ``candidates.parquet``.
    columns
        Of the table, with units and meanings.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    name = Path(candidates).name
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"candidates/{column.name}",
            "name": f"candidates/{column.name}",
            "description": column.meaning + (f", {column.unit}" if column.unit else ""),
            "dataType": _type(column.dtype),
            "source": {"fileObject": {"@id": name}, "extract": {"column": column.name}},
        }
        for column in columns
    ]
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "candidates",
        "description": _what(source),
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": name,
                "name": name,
                "contentUrl": name,
                "encodingFormat": "application/x-parquet",
                "sha256": file_sha256(str(candidates)),
            }
        ],
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": "candidates", "name": "candidates", "field": fields}
        ],
    }
    write_json(path, described)


def _what(source: str) -> str:
    """Return what the rows are of."""
    if source == "table":
        return "Cases of a table of features, labelled."
    simulated = {
        "phantom": " The volumes are simulated: in-silico phantoms.",
        "inserted": " Simulated calcifications were put into the volumes.",
    }.get(source, "")
    return (
        "Candidates for microcalcifications in breast tomosynthesis volumes: a row per candidate "
        f"and slice, measured by tomocalc and labelled by annotations.{simulated}"
    )


def _type(dtype: pl.DataType) -> str:
    if dtype == pl.Boolean:
        return "sc:Boolean"
    if dtype.is_integer():
        return "sc:Integer"
    return "sc:Float" if dtype.is_float() else "sc:Text"
