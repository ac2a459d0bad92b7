"""The frame of pages: one file, a strict policy, nothing from elsewhere, hostile text inert."""

import base64
import gzip
import hashlib
import itertools
import re

import pytest
from markupsafe import Markup, escape

from support.pages_data import HOSTILE
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, chart
from tomocalc.pages.frame import embedded_plotly, lay_out
from tomocalc.pages.parts import table
from tomocalc.pages.question import reworded
from tomocalc.pages.templating import environment, json_block
from tomocalc.version import VERSION

SECTION = "{% call section(text, 'only', intro=text) %}{{ body }}{% endcall %}"


def parts(text):
    numbers = table(text, [(text, "text"), ("n",)], [[text, 1]])
    bars = {"type": "bar", "x": [text], "y": [1], "name": text}
    return numbers, chart("one", Chart([bars], {}), text, numbers, caller=lambda: escape(text))


def page(*, charts=True, text="text", body="", **more):
    numbers, drawn = parts(text)
    content = environment().from_string(SECTION)
    given = {"links": (), "badge": None, "versions": {}, "extra": ""}
    return lay_out(
        title=text,
        subtitle=text,
        facts=[(text, text)],
        content=Markup(content.render(text=text, body=body or (drawn if charts else numbers))),
        **given | more,
    )


def policy(html):
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found
    text = found.group(1).replace("&#39;", "'")
    return {name: values for name, *values in (rule.split() for rule in text.split(";"))}


def sha256(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_knows_the_inline_script_and_style_and_nothing_else():
    html = page(charts=False)
    rules = policy(html)
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == [sha256(text) for text in script]
    assert rules["style-src"] == [sha256(text) for text in style]
    assert not any("unsafe" in value for values in rules.values() for value in values)
    assert "connect-src" not in rules


def test_plotly_is_embedded_once_and_its_hash_is_in_the_policy():
    html = page()
    packed = re.findall(r'id="plotly-packed">([^<]*)<', html)
    assert len(packed) == 1
    source = gzip.decompress(base64.b64decode(packed[0])).decode()
    assert "plotly.js v" in source[:200]
    assert sha256(source) in policy(html)["script-src"]
    assert embedded_plotly().version in source[:200]
    assert len(html) < 2_200_000


def test_a_page_without_charts_has_no_library():
    html = page(charts=False)
    assert 'id="plotly-packed"' not in html
    assert len(html) < 45_000


def test_nothing_is_loaded_from_elsewhere():
    html = re.sub(r'(?s)<script type="application/octet-stream".*?</script>', "", page())
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:)?//""", html)
    assert "@import" not in html
    assert "url(" not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text):
    plain, hostile = page(), page(text=text)
    assert hostile.count("<script") == plain.count("<script")
    assert hostile.count("</script") == plain.count("</script")
    assert "<img" not in hostile
    assert "49" not in re.sub(r"\d{3,}|[\d.]+", "", hostile)


def test_json_cannot_end_its_element():
    assert not set("<>&") & set(json_block({"name": "</script><!--", "and": "&"}))


def test_an_id_that_occurs_twice_is_refused():
    with pytest.raises(ValueError, match="chart-one"):
        page(body=parts("one")[1] + parts("one")[1])


def test_a_plain_string_as_body_is_escaped():
    assert "&lt;i&gt;" in page(body="<i>x</i>")


def test_badge_links_and_versions_are_shown():
    html = page(
        badge="in-silico phantom",
        links=navigation("eda/eda.html", run_pages()),
        versions={"numpy": "2.4"},
    )
    assert '<strong class="badge">in-silico phantom</strong>' in html
    assert '<a href="../index.html" title="Results">Results</a>' in html
    assert '<a href="eda.html" aria-current="page" title="Exploratory data analysis">' in html
    assert "reproduction.html" not in html
    assert "numpy 2.4" in html
    assert f"Made by tomocalc {VERSION}." in html.partition("<footer")[2]


def test_headings_are_in_order_and_landmarks_present():
    html = page()
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for landmark in ("<header", "<main", "<footer", 'class="skip"', 'lang="en"'):
        assert landmark in html


def test_pages_are_said_in_the_words_of_their_question():
    words = {"row": "lesion", "positive": "abnormality"}
    text = (
        '<p id="candidates">A candidate with a microcalcification, no Calcifications</p>'
        '<script type="application/json">{"name":"Others\\u003ecalcifications"}</script>'
        "<code>candidates.parquet, calcifications</code> candidates.threshold_k"
        "<!--as-is-->two calcifications<!--/as-is-->"
    )
    assert reworded(text, words) == (
        '<p id="candidates">A lesion with an abnormality, no Abnormalities</p>'
        '<script type="application/json">{"name":"Others\\u003eabnormalities"}</script>'
        "<code>candidates.parquet, calcifications</code> candidates.threshold_k"
        "<!--as-is-->two calcifications<!--/as-is-->"
    )
