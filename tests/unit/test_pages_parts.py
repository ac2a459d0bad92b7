"""Tables, charts and colours of pages."""

import json
import re
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup

from tomocalc.accounts.eda import Shift
from tomocalc.accounts.prediction import Drift
from tomocalc.pages import palette
from tomocalc.pages.charts import Chart, Switch, chart, compact, label, whole_ticks
from tomocalc.pages.eda_charts import drift_chart
from tomocalc.pages.frame import vocabulary
from tomocalc.pages.parts import Card, Cell, table
from tomocalc.pages.templating import asset, environment, fill
from tomocalc.pages.words import count, number, share, written

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (-2.5, "−2.5"),
        (0.07000000029802322, "0.07"),  # as float32 has it
        (1234.5678, "1,235"),
        (0.99999, "1.000"),
        (9.9996, "10.00"),
        (12345.678, "12,346"),
        (11183, "11,183"),
        (0.000123456, "0.0001235"),
        (-2.1e-9, "−2.100e−9"),
        (3.2e12, "3.200e12"),
    ],
)
def test_numbers_have_four_significant_digits_or_their_own(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.0232496, "2.32 %"),
        (0.5, "50.0 %"),
        (0.99996, "> 99.99 %"),
        (0.99, "99.0 %"),
        (0.995, "99.50 %"),
        (0.00001, "< 0.01 %"),
    ],
)
def test_no_share_is_rounded_to_none_or_all(value, text):
    assert share(value) == text.replace(" %", f"{NBSP}%")


def test_counts_and_missing_values():
    assert count(-1234) == "−1,234"
    assert written(None) == written(float("nan")) == "–"
    assert written(0.12345, "score") == "0.123"


def test_a_table_carries_the_numbers_it_sorts_by():
    html = table(
        "Shares",
        [("Name", "text"), ("Share", "share", "of all")],
        [["a", 0.25], ["b", None], [Cell("c", 3, "bad"), Cell("x", 0.5, "warn")]],
        note="A note.",
    )
    assert "data-sortable" in html
    assert 'data-v="0.25"' in html
    assert html.count("<tr>") == 4
    assert '<th scope="row">a</th>' in html
    assert "<caption>Shares</caption>" in html
    assert 'class="n warn"' in html
    assert "A note." in html


def test_a_table_of_one_row_needs_no_sorting():
    assert "data-sortable" not in table("a", [("a",)], [[1]])


def test_rows_must_fit_the_columns():
    with pytest.raises(ValueError, match="zip"):
        table("a", [("a",), ("b",)], [[1]])


def test_numbers_of_a_chart_are_plain_and_short():
    assert compact(np.array([1 / 3, np.nan, np.inf, 4.0])) == [0.33333, None, None, 4]
    assert compact((np.float32(0.5), np.int64(3), True, None, "a")) == [0.5, 3, True, None, "a"]


@pytest.mark.parametrize("kind", ["scattergl", "parcoords", "splom", "scattermap", "surface"])
def test_webgl_and_maps_are_refused(kind):
    with pytest.raises(ValueError, match=kind):
        Chart([{"type": kind}], {})


def test_labels_show_markup_as_it_is_written_and_are_cut():
    assert label("<b>&") == "&lt;b&gt;&amp;"
    assert len(label("x" * 99)) == 36


def test_a_chart_is_followed_by_its_table():
    drawn = Chart(
        [],
        {},
        switches=[Switch("scale", "Scale", [("linear", "Linear"), ("log", "Log")])],
        patches={"scale": {"linear": {}, "log": {"layout": {"yaxis": {"type": "log"}}}}},
        narrow={"layout": {"height": 300}},
    )
    html = chart("k", drawn, "Title", table("a", [("a",)], [[1]]))
    assert html.index('id="chart-k"') < html.index("<table")
    stored = re.search(r'id="data-k">(.*?)</script>', html)
    assert stored
    figure = json.loads(stored.group(1))
    assert figure["switches"]["scale"]["log"]["layout"]["yaxis"] == {"type": "log"}
    assert figure["narrow"] == {"layout": {"height": 300}}
    assert html.count('aria-pressed="true"') == 1


def test_many_options_become_a_select():
    switch = Switch("pair", "Pair", [(str(i), f"pair {i}") for i in range(6)])
    html = chart("k", Chart([], {}, switches=[switch]), "t", Markup("<table></table>"))
    assert html.count("<option") == 6


def test_parts_escape_their_texts():
    html = Markup("").join(
        [
            fill("cards", [Card("<i>", "<i>", "<i>", "good")]),
            fill("verdict", "unknown", "<i>", ["<i>"]),
            fill("note", "<i>"),
        ]
    )
    assert "<i>" not in html
    assert 'class="verdict unknown"' in html


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_series_stand_out_from_their_background():
    for colour in palette.SERIES:
        assert contrast(colour, palette.SURFACE) >= 3
        assert contrast(palette.DARK_OF[colour], palette.DARK_OF[palette.SURFACE]) >= 3
    for ink in (palette.INK, palette.MUTED):
        assert contrast(ink, palette.SURFACE) >= 4.5
        assert contrast(palette.DARK_OF[ink], palette.DARK_OF[palette.SURFACE]) >= 4.5


def test_text_is_readable_in_both_themes():
    style = asset("style.css")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    )
    pairs = [(text, ground) for text in ("ink", "muted") for ground in ("paper", "surface")]
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "warn", "accent")]
    pairs += [("ink", f"{tone}-soft") for tone in ("good", "bad", "warn", "accent")]
    pairs += [("accent", "surface"), ("accent", "paper"), ("surface", "accent")]
    for theme in (light, dark):
        for text, ground in pairs:
            assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize(("most", "step"), [(0, 1), (3, 1), (6, 1), (7, 2), (40, 10), (250, 50)])
def test_counts_have_whole_ticks(most, step):
    assert whole_ticks(most)["dtick"] == step


def test_a_drift_that_cannot_be_told_is_one_sentence():
    template: Any = environment().get_template("shared.html.j2").make_module(vocabulary())
    said = template.against_training([Drift(feature=name) for name in ("area", "noise")], "all")
    assert "Too few candidates to tell a shift from chance, for each of the 2 features." in said
    assert "<table" not in said
    told = Drift(feature="area", psi=0.1, ks=0.1, psi_chance=0.1, ks_chance=0.1, shift="none")
    assert "<table" in template.against_training([told], "all")


def test_drift_is_coloured_by_what_exceeds_chance():
    row = {"feature": "area", "against": "train", "ks": 0.1, "ks_chance": 0.2, "n": 9}
    row |= {"n_reference": 9, "psi": 0.9}
    rows = [
        Shift(**row, group="test", psi_chance=0.4, shift="none"),
        Shift(**row, group="validation", psi_chance=0.1, shift="strong"),
    ]
    drawn = drift_chart(rows).data[0]
    assert [line[0] for line in drawn["z"]] == pytest.approx([0, 0.6])
    assert drawn["text"] == [["0.90"], ["0.90"]]
