"""build_index: every link works, key numbers stand with their intervals."""

import html as markup
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from msgspec.structs import replace
from PIL import Image

import build_index
from support.card_data import audit, write_accounts
from support.pages_data import figures, rows, write_dataset
from tomocalc.accounts.detection import (
    Detection,
    GeneratorRecall,
    KindRecall,
    Recall,
    VisibilityRecall,
)
from tomocalc.accounts.leakage import Verdict
from tomocalc.accounts.metrics import Part
from tomocalc.errors import TomocalcError
from tomocalc.files import read_json, write_json
from tomocalc.pages.catalogue import KNOWN, ON_REQUEST
from tomocalc.pages.index import NEEDED

RATE = Recall(findings=40, covered=36, recall=0.9, lower=0.7695, upper=0.9604)
CHANCE = Recall(findings=120, covered=3, recall=0.025, lower=0.0085, upper=0.0709)
GENERATOR = GeneratorRecall(
    objects_per_slice=5.0,
    small_objects_per_slice=4.78,
    small_objects_per_cm2_of_breast=0.782,
    kinds={"calcification": KindRecall(found=RATE, by_chance=CHANCE)},
    strong=RATE,
    by_visibility=(
        VisibilityRecall(above=0, below=3, found=RATE),
        VisibilityRecall(above=8, below=None, found=RATE),
    ),
    other_objects={"clip": RATE},
)
DETECTION = Detection(
    volumes=2,
    slices=48,
    tolerance_mm=0.3,
    slice_tolerance=1,
    small_objects_mm=1.5,
    generators={"local": GENERATOR, "paper": GENERATOR},
)


@pytest.fixture
def results(tmp_path):
    paths = write_dataset(tmp_path / "results" / "dataset", rows(), source="phantom")
    metrics = tmp_path / "results" / "evaluation" / "metrics.json"
    figures().write(metrics)
    return tmp_path / "results", {
        "quality": paths["quality"],
        "split": paths["split"],
        "metrics": str(metrics),
    }


def touched(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("content")
    return [str(folder / name) for name in names]


def built(page, accounts, files=()):
    build_index.main(page=str(page), files=list(files), **accounts)
    return page.read_text(encoding="utf-8")


def links(page):
    found = re.findall(r'href="([^"#]*)"', page.read_text(encoding="utf-8"))
    return [unquote(markup.unescape(link)) for link in found if not link.startswith("data:")]


def test_every_result_has_a_door_and_every_link_works(results):
    folder, accounts = results
    files = touched(folder, *(entry.address for entry in KNOWN), "odd name & 100%.csv")
    pictures = []
    for number in range(15):
        path = folder / "qc" / f"v{number:02d}.png"
        Image.new("RGB", (60, 40), (number, 0, 0)).save(path)
        pictures.append(str(path))
    page = folder / "index.html"
    detection = folder / "qc" / "detection.json"
    DETECTION.write(detection)
    build_index.main(
        page=str(page), files=files, overlays=pictures, detection=str(detection), **accounts
    )
    found = links(page)
    pages = [entry for entry in KNOWN if entry.label]
    # pages are in the navigation too, and the pictures name the viewer of volumes
    assert len(found) == len(files) + len(pictures) + len(pages) + 1
    assert found.count("predictions/index.html") == 3
    for link in found:
        assert (folder / link).is_file(), link
    html = page.read_text(encoding="utf-8")
    assert html.count("<img") == 4
    assert "in-silico phantom" in html
    assert "90.0 % (77.0 % to 96.0 %)" in html.replace("\xa0", " ")
    assert "contrast to noise from 8" in html
    assert "Clean: the model has learnt nothing from the test part" in html
    area = figures().test.metrics["auroc"]
    assert f"{area.value:.3f}" in html
    assert f"{area.low:.3f} to {area.high:.3f}" in html


def test_every_known_result_has_one_plain_sentence():
    for entry in KNOWN:
        assert entry.sentence.endswith(".")
        assert entry.sentence.count(". ") == 0
    assert len({entry.address for entry in KNOWN}) == len(KNOWN)


@pytest.fixture
def whole(tmp_path):
    """A run with a comparison and an audit; what the card reads and the index does not is left."""
    paths = write_accounts(tmp_path / "results")
    names = ("quality", "split", "metrics", "audit", "comparison")
    return tmp_path / "results" / "index.html", {name: paths[name] for name in names}


def test_both_protocols_stand_side_by_side(whole):
    page, accounts = whole
    html = built(page, accounts)
    sides = re.findall(r'<div class="side (\w+)">\s*<h3>([^<]+) <span', html)
    assert sides == [("good", "Honest protocol"), ("bad", "Paper&#39;s protocol")]
    assert "3 more in the leakage audit." in html
    text = " ".join(html.replace("\xa0", " ").split())
    assert "At the same share of calcifications (20.0 %)" in text
    assert "average precision: +0.200 (+0.050 to +0.350) for the LSTM" in text
    assert "0.950 <span>0.850 to 1.000</span>" in text


def test_every_level_has_its_figures(whole):
    page, accounts = whole
    html = built(page, accounts)
    levels = re.findall(r'<th scope="row">(\w+)</th>', html.partition("False per volume")[2])
    assert levels[:5] == ["Candidate", "Calcification", "Cluster", "Volume", "Patient"]


def test_the_audits_verdict_counts_where_there_is_one(whole):
    page, accounts = whole
    facts = audit()
    told = [one for one in facts.protocols["paper"].checks if one.verdict is Verdict.CAUTION]
    cautious = replace(facts.protocols["honest"], verdict=Verdict.CAUTION, checks=told[:1])
    replace(facts, protocols=facts.protocols | {"honest": cautious}).write(accounts["audit"])
    html = built(page, accounts)
    assert "Take care: no leak was found" in html
    assert "The order of the table predicts the labels with an AUROC of 0.80" in html
    assert "Clean: the model has learnt" not in html


def test_a_page_on_request_is_linked_once_it_is_there(whole):
    page, accounts = whole
    html = built(page, accounts)
    offered = [one for one in ON_REQUEST if "phantom" in NEEDED.get(one.needs, ("phantom",))]
    assert html.count("<code>snakemake ") == len(offered) == len(ON_REQUEST) - 1
    assert "<code>snakemake predict</code>" in html
    html = built(page, accounts, touched(page.parent, "predictions/index.html"))
    assert 'href="predictions/index.html"' in html
    assert "<code>snakemake predict</code>" not in html


def test_volumes_without_a_candidate_and_few_patients_are_said(whole):
    page, accounts = whole
    quality, metrics = (read_json(accounts[name]) for name in ("quality", "metrics"))
    more = {"volumes": quality["volumes"] + 2, "unlabelled_dropped": 1, "other_labels_dropped": 2}
    write_json(accounts["quality"], quality | more)
    test = metrics["parts"]["test"]
    test |= {"groups": 2, "rarer_groups": 2}
    test["metrics"]["auroc"] |= {"value": 1.0, "low": 0.342, "high": 1.0, "method": "wilson"}
    write_json(accounts["metrics"], metrics)
    first = built(page, accounts).partition('id="protocols"')[0]
    assert f"{quality['volumes'] + 2}, 2 of them without a candidate" in first
    assert "removed as equal to another, 3 of neither class left out. Split with" in first
    assert "rows of 2 patients" in first
    assert "2 patients of the test part hold the rarer class" in first
    assert "Wilson&#39;s of as many trials as there are patients" in first
    assert "Clusters: 3 clusters formed from annotated calcifications" in first
    assert "26 volumes (2 of them without a candidate) of 24 patients" in first


OF_ALL = {
    "In age, 3 cells hold 99": {
        "code": "code_for_none",
        "column": "age",
        "values": {"value": 99, "cells": 3},
    },
    "id, numbers the rows": {"code": "patients_numbered", "column": "id"},
    "Each of the 40 volumes is its own": {"code": "patients_as_volumes", "values": {"volumes": 40}},
    "By view, 1 patient has rows": {
        "code": "several_views",
        "column": "view",
        "values": {"patients": 1},
    },
    "Of 30 calcifications with a candidate, 29 are annotated on a slice after the one": {
        "code": "slices_beside",
        "values": {"findings": 30, "beside": 29, "side": 1},
    },
}


def test_doubts_about_a_whole_data_set_are_said_in_words(whole):
    page, accounts = whole
    quality = read_json(accounts["quality"])
    write_json(accounts["quality"], quality | {"dataset_doubts": [*OF_ALL.values()]})
    first = built(page, accounts).partition('id="protocols"')[0]
    assert [words for words in OF_ALL if words not in first] == []


LOST = {"code": "quarantined", "volumes": 2, "slices": 3, "first": ["v1", "v2"]}


def test_doubts_are_said_first_with_what_to_do(whole):
    page, accounts = whole
    quality = read_json(accounts["quality"])
    write_json(accounts["quality"], quality | {"doubts": [LOST]})
    first = built(page, accounts).partition('id="protocols"')[0]
    assert "Some volumes are doubtful" in first
    row = first.partition(">slices could not be read<")[2].partition("</tr>")[0]
    cells = re.findall(r">([^<]+)</td>", row)
    assert [cells[0], *cells[-2:]] == ["v1, v2", "2", "3"]
    assert "qc/quarantine.tsv says why" in first


def test_missing_results_are_named_all_at_once(results, tmp_path):
    folder, accounts = results
    with pytest.raises(TomocalcError) as error:
        build_index.main(
            page=str(folder / "index.html"),
            files=[str(folder / "a.html"), str(folder / "b.json")],
            **accounts,
        )
    assert str(error.value).count("E104") == 2
    assert not Path(folder / "index.html").exists()


def test_a_leaking_split_is_red_and_nothing_measured_is_said(results, tmp_path):
    folder, accounts = results
    split = read_json(accounts["split"])
    split["audit"]["verdict"] = "leaks"
    (patients,) = (one for one in split["audit"]["checks"] if one["name"] == "patients")
    patients |= {"verdict": "leaks", "count": 2, "of": 10}
    write_json(accounts["split"], split)
    metrics = figures()
    metrics.parts["test"] = Part(n=4, positives=0)
    metrics.write(accounts["metrics"])
    page = folder / "index.html"
    html = built(page, accounts)
    assert 'class="verdict bad"' in html
    assert "2 of 10 patients of the test part also stand in training or validation." in html
    assert "nothing could be measured" in html
