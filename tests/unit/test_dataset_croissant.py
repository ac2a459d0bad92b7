"""The description of the data set, read by the library of those who specify such descriptions."""

from pathlib import Path

import mlcroissant
import polars as pl
import pytest

from tomocalc.dataset.croissant import describe_dataset
from tomocalc.dataset.feature_table import CANDIDATE
from tomocalc.tables import schema


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what it stands on
def test_others_load_the_table_by_its_description(tmp_path: Path) -> None:
    row = {"volume_id": "v1", "patient_id": "p1", "area": 2.5, "label": 1, "focus": True}
    path = tmp_path / "candidates.parquet"
    pl.DataFrame([row], schema=pl.Schema(schema(CANDIDATE))).write_parquet(path)
    describe_dataset(tmp_path / "croissant.json", path, CANDIDATE, source="phantom")

    described = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert list(described.metadata.issues.errors) == []
    fields = {field.name: field for field in described.metadata.record_sets[0].fields}
    assert len(fields) == len(CANDIDATE)
    assert str(fields["candidates/area_mm2"].description).endswith(", mm²")
    (read,) = described.records("candidates")
    assert {name: read[f"candidates/{name}"] for name in row} == {
        name: value.encode() if isinstance(value, str) else value for name, value in row.items()
    }
