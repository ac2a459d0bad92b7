"""explore_dataset: one page and its numbers, from the files of the data set."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

import explore_dataset
from support.defaults import CONFIG, PAPER
from support.pages_data import FEATURES, rows, write_dataset
from support.table_data import merge_and_split
from tomocalc.errors import TomocalcError
from tomocalc.files import read_json


def explore(folder, paths, features=FEATURES):
    page, data = folder / "eda.html", folder / "eda.json"
    explore_dataset.main(
        **paths, features=features, settings={"bins": 40}, page=str(page), data=str(data)
    )
    return page.read_text(encoding="utf-8"), read_json(data)


def text_of(html):
    visible = re.sub(r"(?s)<(script|style).*?</\1>", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", visible).replace("\xa0", " "))


def test_page_and_numbers(tmp_path):
    html, numbers = explore(tmp_path, write_dataset(tmp_path, rows()))
    assert numbers["rows"] == 288
    assert numbers["features"][:4] == ["area", "gray_level", "contrast", "neighbours"]
    assert "eccentricity" in numbers["constant"]
    assert numbers["summary"]["eccentricity"]["all"]["sd"] == 0
    assert len(numbers["balance"]["sites"]["largest"]) == 2
    assert html.count('href="../audit/leakage.html"') == 1, "of the navigation alone"
    text = text_of(html)
    for said in (
        "No test row equals one that the model learns from",
        "area and area mm²",
        "Slices without objects",
        "7 annotations have a candidate inside them; 2 have none",
    ):
        assert said in text
    # a site whose patients differ is found: gray_level depends on the patient's number
    assert any(
        r["feature"] == "gray_level" and r["shift"] == "strong" for r in numbers["drift"]["sites"]
    )


def test_what_the_model_may_do_is_not_told_as_done(tmp_path):
    html, _ = explore(tmp_path, write_dataset(tmp_path, rows()))
    assert "training, if it were oversampled" in text_of(html)
    assert "training, oversampled" not in text_of(html)


def test_every_chart_has_a_table_and_every_anchor_a_target(tmp_path):
    html, _ = explore(tmp_path, write_dataset(tmp_path, rows()))
    figures = re.findall(r'(?s)<figure class="chart".*?</figure>', html)
    assert len(figures) > 10
    assert all("<table" in figure for figure in figures)
    assert set(re.findall(r'href="#([\w-]+)"', html)) <= set(re.findall(r'id="([\w-]+)"', html))


def test_aggregates_only(tmp_path):
    candidates = rows()
    html, numbers = explore(tmp_path, write_dataset(tmp_path, candidates))
    assert "volume-003" not in html
    assert "volume-003" not in json.dumps(numbers)
    assert str(tmp_path) not in html


def test_the_same_input_gives_the_same_bytes(tmp_path):
    paths = write_dataset(tmp_path, rows())
    assert explore(tmp_path, paths) == explore(tmp_path, paths)


def test_data_without_names_or_volumes(tmp_path):
    nameless = rows().with_columns(
        patient_id=pl.lit(""), site=pl.lit(""), gray_level=pl.lit(None, dtype=pl.Float32)
    )
    features = ["area", "contrast", "neighbours"]
    html, numbers = explore(tmp_path, write_dataset(tmp_path, nameless, source="table"), features)
    assert numbers["balance"] == {"patients": None, "sites": None}
    assert "gray_level" not in numbers["summary"]
    assert "The data name no patients." in html


def test_missing_values_are_shown_and_left_out(tmp_path):
    gappy = rows().with_columns(
        contrast=pl.when(pl.col("candidate_id") == 4).then(None).otherwise(pl.col("contrast"))
    )
    html, numbers = explore(tmp_path, write_dataset(tmp_path, gappy))
    assert numbers["summary"]["contrast"]["all"]["missing"] == 24
    assert "Missing, share" in html


def test_a_damaged_table_is_named(tmp_path):
    paths = write_dataset(tmp_path, rows())
    content = bytearray(Path(paths["candidates"]).read_bytes())
    content[200] ^= 1
    Path(paths["candidates"]).write_bytes(content)
    with pytest.raises(TomocalcError, match="E301"):
        explore(tmp_path, paths)


@pytest.mark.data
@pytest.mark.parametrize("protocol", ["paper", "honest"])
def test_the_table_of_the_paper(tmp_path, real_data, protocol):
    features = PAPER["features"]
    paths = merge_and_split(
        tmp_path,
        str(real_data / "woods/mammography.csv"),
        columns=PAPER["table"],
        features=features,
        protocol=protocol,
        config=CONFIG | {"split": {**CONFIG["split"], **PAPER["split"]}},
    )
    html, numbers = explore(tmp_path, paths, features)
    text = text_of(html)
    assert "Candidates 11,183" in text
    assert "3,334 of 11,183 candidates are redundant" in text
    assert "7,595 others and 254 calcifications remain" in text
    assert "prevalence goes from 2.32 % to 3.24 %" in text
    assert "1 feature vector carries both labels" in text
    assert len(html) < 3_000_000
    assert numbers["summary"]["area"]["all"]["sd"] == pytest.approx(1, abs=1e-3)
    if protocol == "paper":
        assert "The split leaks: test figures will look better than they are." in text
        assert "positive ones, have an identical copy among the rows" in text
    else:
        assert "The split leaks" not in text
        assert "The data name no patient for 100" in text
