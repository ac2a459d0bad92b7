"""Candidates and calcifications per patient and site."""

from __future__ import annotations

import numpy as np
import polars as pl

from tomocalc.eda.balance import LARGEST, balance, spread
from tomocalc.eda.load import Table
from tomocalc.pages.eda.groups import places_section


def identity(**columns):
    n = len(columns["patient_id"])
    filled = {"volume_id": ["v"] * n, "site": [""] * n, "label": [0] * n} | columns
    return pl.DataFrame(filled)


def test_counts_by_hand():
    frame = identity(
        patient_id=["a", "a", "a", "b"], volume_id=["1", "1", "2", "3"], label=[1, 0, 1, 0]
    )
    found = spread(frame, "patient_id")
    assert found is not None
    assert found["total"] == 2
    assert found["without_positives"] == 1
    assert found["largest"][0] == {
        "name": "a",
        "volumes": 2,
        "patients": 1,
        "candidates": 3,
        "positives": 2,
    }
    assert found["candidates"]["five"] == [1, 1.5, 2, 2.5, 3]
    assert found["candidates"]["histogram"] == {
        "edges": [-0.5, 0.5, 1.5, 2.5, 3.5],
        "counts": [0, 1, 0, 1],
    }


def test_nameless_data():
    frame = identity(patient_id=["", ""])
    table = Table({}, np.zeros(2, np.int8), frame)
    assert balance(table) == {"sites": None, "patients": None}


def test_every_patient_is_in_the_histogram_and_the_largest_are_listed():
    names = [f"p{i:04d}" for i in range(300) for _ in range(i % 91 + 1)]
    found = spread(identity(patient_id=names), "patient_id")
    assert found is not None
    assert len(found["largest"]) == LARGEST
    assert sum(found["candidates"]["histogram"]["counts"]) == 300
    assert len(found["candidates"]["histogram"]["counts"]) <= 31


def test_sites_without_a_candidate_are_told_beside_the_list():
    quality = {"patients": 0, "sites": 3, "sites_with_candidate": 1}
    section = places_section({"patients": None, "sites": None}, quality)
    html = "".join(section.body)
    assert "The data name no patients." in html
    assert "3 sites, 2 of them without a candidate: those are not listed here." in html
