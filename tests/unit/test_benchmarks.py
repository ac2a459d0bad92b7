"""The page of the benchmarks is made from the tables that the benchmarks printed."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("page")
    for name in ("page", "aims"):
        sys.modules.pop(name, None)


def test_the_page_says_what_the_tables_say(page):
    assert (BENCHMARKS / "README.md").read_text() == page.summary(), (
        "run: python benchmarks/page.py --sum"
    )


def test_every_topic_has_a_page_and_a_script(page):
    for topic, commands in page.COMMANDS.items():
        assert (BENCHMARKS / f"{topic}.md").is_file()
        for command in commands:
            assert (BENCHMARKS.parent / command.split()[0]).is_file()


def test_new_tables_take_the_place_of_those_with_their_header(page):
    old = "# T\n\n| a | b |\n|---|---|\n| x | 1 |\n\nwords\n\n| c |\n|---|\n| 2 |\n"
    new = "| c |\n|---|\n| 5 |\n| 6 |\n\n| a | b |\n|---|---|\n| x | 3 |\n| y | 4 |\n"
    assert page.with_new_tables(old, new, "t") == (
        "# T\n\n| a | b |\n|---|---|\n| x | 3 |\n| y | 4 |\n\nwords\n\n| c |\n|---|\n| 5 |\n| 6 |\n"
    )
    with pytest.raises(SystemExit, match="has no table"):
        page.with_new_tables(old, "| d |\n|---|\n| 1 |\n", "t")


def test_an_aim_that_is_missed_is_told(page, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "HERE", tmp_path)
    (tmp_path / "t.md").write_text(
        "| who | s |\n|---|---|\n| **ours** | 1,200.5 |\n| peer | 600 |\n"
    )
    aim = page.Aim(
        what="w",
        limit=1.5,
        at_most=True,
        unit="×",
        ours="t | ours | s",
        peer="t | peer | s",
        beside="p",
        ratio="ours / peer",
    )
    assert page.line_of(aim) == ("| **2×** | ≤ 1.5× | **no** | w | 1,200.5 | 600 (p) | [t](t.md) |")


def test_what_a_topic_lacks_is_said_first(page, monkeypatch, capsys):
    monkeypatch.delenv("KERAS_PYTHON", raising=False)
    for name in ("TOMOCALC_TEST_DATA", "YDATA_PYTHON", "INBREAST_IMAGES", "INBREAST_UNLABELLED"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(SystemExit, match="training needs KERAS_PYTHON"):
        page.chosen(["features", "training"])
    assert page.chosen(["features"]) == ["features"]
    # of all topics, what cannot be measured is left out in one line
    assert page.chosen([]) == [name for name in page.COMMANDS if name != "training"]
    assert capsys.readouterr().err == "training is left out: KERAS_PYTHON not set\n"
