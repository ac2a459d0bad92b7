"""The model card: every item once and in order, nothing claimed that is not known, text inert."""

import dataclasses
import re
from collections import Counter

import pytest
from msgspec.structs import replace

from support.card_data import MODEL, facts
from support.defaults import SCHEMAS
from support.pages_data import HOSTILE
from tomocalc.accounts.doubts import DoubtCount
from tomocalc.accounts.leakage import Check, Verdict
from tomocalc.accounts.metrics import Part
from tomocalc.accounts.quality import DatasetDoubt, Extraction
from tomocalc.metrics import Threshold
from tomocalc.model.card import ReadColumn
from tomocalc.pages.card import Run
from tomocalc.pages.levels import levels, missing_levels
from tomocalc.pages.markdown import escape
from tomocalc.pages.merits import FEW_GROUPS
from tomocalc.pages.model_card import GUIDELINES, Entry, answers, checklists, items
from tomocalc.pages.model_card import model_card as card

LETTERS = {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3}
"""Items of TRIPOD+AI that have parts, and how many (BMJ 385 (2024) e078378, table 2)."""


@pytest.fixture(scope="module")
def phantom(tmp_path_factory) -> Run:
    return facts(tmp_path_factory.mktemp("phantom"))


@pytest.fixture(scope="module")
def volumes(tmp_path_factory) -> Run:
    return facts(tmp_path_factory.mktemp("volumes"), source="volumes")


def entries(run: Run, guideline: str) -> dict[str, Entry]:
    return {entry.number: entry for entry in checklists(run)[guideline]}


def numbers(guideline: str) -> list[str]:
    return [entry.number for entry in items(guideline)]


changed = dataclasses.replace


def test_tripod_has_its_27_items_in_order():
    expected = []
    for number in range(1, 28):
        parts = LETTERS.get(number, 0)
        expected += [f"{number}{'abcdefg'[part]}" for part in range(parts)] or [str(number)]
    assert numbers("tripod") == expected
    assert len(expected) == 52


def test_claim_has_its_44_items_in_order():
    assert numbers("claim") == [str(number) for number in range(1, 45)]


def test_the_configuration_takes_answers_to_every_item_and_to_nothing_else():
    section = SCHEMAS["config"]["properties"]["card"]["properties"]
    pattern = section["answers"]["propertyNames"]["pattern"]
    names = [f"{name}_{number}" for name in GUIDELINES for number in numbers(name)]
    assert all(re.search(pattern, name) for name in names)
    others = ("tripod_28", "tripod_1a", "tripod_3d", "tripod_3", "claim_45", "claim_0", "claim_1a")
    assert not [name for name in others if re.search(pattern, name)]


@pytest.mark.parametrize("source", ["phantom", "volumes", "table"])
def test_every_item_stands_once_with_an_answer_or_a_question(tmp_path, source):
    run = facts(tmp_path, source=source)
    text, html = card(run)
    names = {"tripod": "TRIPOD+AI", "claim": "CLAIM 2024"}
    for key, found in checklists(run).items():
        expected = numbers(key)
        assert [one.number for one in found] == expected
        for one in found:
            assert bool(one.text) == bool(one.origin) == (one.state != "open")
            assert one.ask or one.state not in ("open", "partly")
        asked = sum(one.state in ("open", "partly") for one in found)
        assert html.count(f">{names[key]} item </span>") == len(expected)
        section = text.partition(f"## Checklist {names[key]}")[2].partition("\n## ")[0]
        assert re.findall(r"^\| (\d+[a-g]?) \|", section, re.MULTILINE) == expected
        assert section.count("**To be written by the authors:**") == asked


def test_every_answer_has_an_item(phantom, volumes, tmp_path):
    asked = {item.answer for name in GUIDELINES for item in items(name)} - {""}
    spacings = {"pixel_spacing_mm": (0.1, 0.1), "slice_spacing_mm": (1.0, 1.5)}
    how = Extraction(settings_keys=(), settings=None, **spacings)
    measured = changed(phantom, quality=replace(phantom.quality, extraction=how))
    runs = (measured, volumes, facts(tmp_path, source="table"))
    assert "Pixels of 0.1 mm, slices 1 to 1.5 mm apart" in answers(measured)["acquisition"].text
    assert set().union(*(answers(run) for run in runs)) == asked


def test_in_silico_is_said_first(phantom, volumes):
    text, _ = card(phantom)
    assert "> **Warning.** The model has seen simulated breasts only" in text.partition("**✓")[0]
    assert "> **✗ It must not be used for**\n>\n> - Images of people" in text
    claim = entries(phantom, "claim")
    assert claim["5"].state == claim["16"].state == "void"
    assert claim["8"].text == "The data are simulated; no person took part."
    text, _ = card(volumes)
    assert "simulated" not in text


def test_authors_complete_the_card(tmp_path):
    given = facts(
        tmp_path,
        source="volumes",
        intended_use="Second reading in a study.",
        authors="A. Author",
        licence="CC BY 4.0",
        notes="A last word.",
        answers={"tripod_17": "Approved by the board.", "claim_7": "Collected here."},
    )
    text, _ = card(given)
    for words in ("Second reading in a study.", "A. Author", "CC BY 4.0", "A last word."):
        assert words in text
    tripod, claim = entries(given, "tripod"), entries(given, "claim")
    assert (tripod["17"].state, tripod["17"].text) == ("given", "Approved by the board.")
    assert claim["7"].text.startswith("Collected here. Tomosynthesis volumes")
    assert tripod["22"].state == "run"
    assert tripod["3b"].text == "Second reading in a study."


QUOTING = "Quoting these figures as performance on new patients"


def test_a_leaking_protocol_is_said_everywhere(phantom):
    leaking = changed(phantom, split=replace(phantom.split, protocol="paper"))
    text, _ = card(leaking)
    assert text.count("Leaks: part of the test data was used in training") == 2
    assert "80 of the 80 positive ones, have an identical copy" in text
    assert QUOTING in text
    assert "part of the same data that it has not seen" not in text
    assert QUOTING not in card(phantom)[0]


def test_without_an_audit_the_split_account_gives_the_verdict(phantom):
    patients = Check(name="patients", verdict=Verdict.LEAKS, count=2, of=10)
    leaking = replace(phantom.split.audit, verdict=Verdict.LEAKS, checks=[patients])
    split = replace(phantom.split, audit=leaking)
    text, _ = card(changed(phantom, audit=None, comparison=(), split=split))
    assert "2 of 10 patients of the test part also stand in training or validation." in text
    assert "No comparison is among the inputs" in text


def test_levels_stand_beside_each_other(phantom):
    rows = {level.name: level for level in levels(phantom.metrics)}
    assert list(rows) == ["Candidate", "Calcification", "Cluster", "Volume", "Patient"]
    assert rows["Candidate"].sensitivity is phantom.metrics.test.metrics["recall"]
    froc = phantom.metrics.images.froc.calcifications
    assert rows["Calcification"].cases == f"{froc.findings}"
    assert rows["Calcification"].false_marks == froc.operating_point.false_per_volume
    assert missing_levels(phantom.metrics) == []


def test_what_was_not_measured_is_said(phantom):
    parts = phantom.metrics.parts | {"test": Part(n=40, positives=0)}
    metrics = replace(phantom.metrics, images=None, no_images="no_places", parts=parts)
    empty = changed(phantom, metrics=metrics)
    text, _ = card(empty)
    assert "nothing could be measured" in text
    assert "its rows have no place in an image" in text
    assert "0 positive candidates among 40" in text
    assert "nan" not in text.lower().split()


GAPS = DoubtCount(code="gap", volumes=2, slices=3, first=("v1", "v2"))


def test_few_cases_are_counted_once_and_as_on_the_other_pages(phantom):
    limit = "The test part holds few cases, as counted beside its figures."
    for rarer, few in ((FEW_GROUPS, False), (FEW_GROUPS - 1, True)):
        test = replace(phantom.metrics.test, rarer_groups=rarer)
        parts = phantom.metrics.parts | {"test": test}
        text, _ = card(changed(phantom, metrics=replace(phantom.metrics, parts=parts)))
        assert text.count(f"Few cases: {rarer} patients of the test part") == few
        assert (f"- {limit}" in text) == few


def test_the_card_says_how_the_candidates_were_found_and_split(phantom):
    text, _ = card(phantom)
    assert "searched for small bright spots and measured" in text
    assert "with the same share of calcifications in every part" not in text
    none = {"settings_keys": (), "pixel_spacing_mm": None, "slice_spacing_mm": None}
    how = Extraction(settings={"generator": "paper"}, **none)
    text, _ = card(changed(phantom, quality=replace(phantom.quality, extraction=how)))
    assert "thresholded (Otsu), as in the reference paper, and measured" in text
    assert "small bright spots" not in text


def test_limits_come_from_the_facts(volumes):
    nobody = {"patients": 0, "sites": 0, "sites_with_candidate": 0}
    views = DatasetDoubt(code="several_views", column="view", values={"patients": 3.0})
    bad = replace(volumes.quality, doubts=(GAPS,), dataset_doubts=(views,), **nobody)
    fixed = replace(MODEL, threshold=Threshold("half", 0.5, None))
    text, _ = card(changed(volumes, quality=bad, model=fixed))
    limits = text.partition("## Limits")[2].partition("\n## ")[0]
    assert "- Doubtful in 2 volumes of the data: slices are missing or too many." in limits
    assert "- By view, 3 patients have rows of several views with one label" in limits
    assert "- The threshold of 0.5 was not chosen on data." in limits
    assert "- The data name no patients" in limits
    assert "- The data name no sites" in limits


def test_a_model_that_tells_malignant_from_benign_and_reads_opinions_says_so(volumes):
    assert "Telling benign from malignant" in card(volumes)[0]
    reads = (*MODEL.features, ReadColumn(name="reader_birads", unit=""))
    text, _ = card(changed(volumes, malignancy=True, model=replace(MODEL, features=reads)))
    assert "Telling benign from malignant" not in text
    assert "It reads what a person said of a cluster (reader birads)" in text


def test_no_name_of_a_patient_or_volume_reaches_the_card(phantom):
    for text in card(phantom):
        assert not re.search(r"\bp0\d\d\b|volume-0\d\d", text)


MARKS = (
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "a | b",
    "`code` *em* _em_ **strong** ~~gone~~",
    "[link](javascript:alert(1)) ![picture](http://x/y.png)",
    "<https://example.org> https://example.org www.example.org",
    "line\n\n# heading\r\n---\u2028- item",
    "&lt;b&gt; \\* $x$",
    "--- === +++",
    *HOSTILE,
)


@pytest.mark.parametrize("text", MARKS)
def test_no_text_means_anything_to_markdown(text):
    written = escape(text)
    assert len(written.splitlines()) == 1
    bare = re.sub(r"\\[\\`*_{}\[\]|~$#+\-=:.]|\\(?=[.)])", "x", written)
    assert not re.search(r"[`*_{}\[\]|~$<>]", bare)
    assert not re.match(r"[#+=>-]|\d+[.)]\s", bare)
    assert "://" not in bare
    assert "www." not in bare
    assert "&" not in re.sub(r"&(amp|lt|gt);", "", bare)


@pytest.mark.parametrize("text", MARKS)
def test_escaped_text_reads_as_it_was_written(text):
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escape(text))
    shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == " ".join("".join(c if c.isprintable() else " " for c in text).split())


def tags(html: str) -> Counter[str]:
    """Count the elements of a page."""
    return Counter(re.findall(r"<\w+", html))


def test_hostile_texts_are_inert_in_both(tmp_path):
    texts = ("intended_use", "authors", "contact", "licence", "notes")
    plain = facts(tmp_path / "plain", **dict.fromkeys(texts, "plain"), answers={"claim_44": "x"})
    written, page = card(plain)
    before, lines = tags(page), written.count("\n")
    for hostile in MARKS:
        own = dict.fromkeys(texts, hostile) | {"answers": {"claim_44": hostile}}
        named = tuple(ReadColumn(name=hostile, unit="") for _ in MODEL.features)
        run = changed(plain, authors=own, model=replace(MODEL, features=named))
        text, page = card(run)
        assert tags(page) == before
        assert text.count("\n") == lines
        assert "<" not in text
