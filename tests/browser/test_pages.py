"""Pages in a real browser: quiet, self-contained, usable by keyboard, readable at two widths."""

import base64
import csv
import io
from urllib.parse import unquote

import pytest
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = [
    *(("pages", name) for name in ("eda", "report", "index")),
    *(("card", name) for name in ("card", "index")),
    *(("comparison", name) for name in ("comparison", "leakage")),
    *(("predicted", name) for name in ("volume", "all")),
]
"""Every page, by its fixture and name."""
LOOKS = {"wide": {"width": 1280, "dark": False}, "dark": {"width": 400, "dark": True}}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("made", "name"), PAGES)
def test_quiet_self_contained_and_no_wider_than_the_screen(browser, request, made, name, look):
    browser.assert_quiet(request.getfixturevalue(made)[name], **LOOKS[look])


def test_both_protocols_are_drawn_side_by_side(browser, comparison):
    browser.open(comparison["comparison"])
    browser.draw_all()
    names = "document.getElementById('chart-figure-auroc')._fullData.map(trace => trace.name)"
    assert browser.run(names) == ["paper's protocol", "honest protocol"]
    browser.open(comparison["leakage"])
    browser.draw_all()
    rows = "document.querySelectorAll('#verdict .verdict').length"
    assert browser.run(rows) == 2


def test_long_names_leave_a_narrow_chart_its_width(browser, comparison):
    browser.open(comparison["comparison"], width=400)
    browser.draw_all()
    chart = "document.getElementById('chart-figure-auroc')"
    assert browser.run(f"{chart}._fullLayout._size.w / {chart}._fullLayout.width") > 0.5
    names = browser.run(f"{chart}._fullLayout.yaxis.ticktext")
    assert max(name.count("<br>") for name in names) == 1  # three lines would overlap the next row
    assert "<br>" not in browser.run(f"{chart}._fullData[0].y.join()")  # what a pointer is told


def test_hostile_names_are_shown_as_they_are_written(browser, pages):
    browser.open(pages["eda"])
    browser.draw_all()
    assert browser.run("document.querySelectorAll('main img, main iframe').length") == 0
    assert browser.run("document.querySelectorAll('.plot a').length") == 0
    shown = browser.run("document.getElementById('chart-drift-sites').textContent")
    assert "<img src=x" in shown
    assert "</script>" in shown


def test_small_tables_do_not_scroll_on_a_wide_screen(browser, pages):
    browser.open(pages["eda"])
    tables = "[...document.querySelectorAll('#quality .grid .scroll')]"
    assert browser.run(f"{tables}.map(box => box.scrollWidth - box.clientWidth)") == [0, 0]


def test_no_upload_button_and_no_logo(browser, pages):
    browser.open(pages["report"])
    browser.draw_all()
    buttons = browser.run(
        "[...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title)"
    )
    assert buttons
    assert not [
        title for title in buttons if "hare" in title or "lotly" in title or "loud" in title
    ]


def test_a_table_sorts_by_keyboard(browser, pages):
    browser.open(pages["eda"])
    head = "document.querySelectorAll('#summary table')[0].tHead.rows[0].cells[2]"
    values = (
        "[...document.querySelectorAll('#summary table')[0].tBodies[0].rows]"
        ".map(row => Number(row.cells[2].dataset.v))"
    )
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "none"
    for order, sign in (("descending", -1), ("ascending", 1)):
        browser.driver.execute_script(f"{head}.querySelector('button').focus()")
        browser.driver.switch_to.active_element.send_keys("\ue007")  # Enter
        assert browser.run(f"{head}.getAttribute('aria-sort')") == order
        found = browser.run(values)
        assert found == sorted(found, key=lambda value, sign=sign: sign * value)
    assert "ascending" in browser.run("document.getElementById('announce').textContent")


def test_missing_values_sort_last_in_both_orders(browser, pages):
    browser.open(pages["report"])
    head = "document.querySelector('#figures table').tHead.rows[0].cells[2]"
    texts = (
        "[...document.querySelector('#figures table').tBodies[0].rows]"
        ".map(row => row.cells[2].textContent)"
    )
    for _ in range(2):
        browser.driver.execute_script(f"{head}.querySelector('button').click()")
        found = browser.run(texts)
        gaps = [i for i, text in enumerate(found) if text == "–"]
        assert gaps == list(range(len(found) - len(gaps), len(found)))


@pytest.mark.parametrize("name", ["eda", "report"])
def test_whatever_a_pointer_meets_says_its_name(browser, pages, name):
    browser.open(pages[name])
    browser.draw_all()
    mute = (
        "[...document.querySelectorAll('.plot')].filter(chart => chart._fullLayout.hovermode)"
        ".flatMap(chart => chart._fullData.filter(trace => trace.hoverinfo !== 'skip'"
        " && trace.type !== 'box' && !/[a-zA-Z]{3}/.test(trace.hovertemplate))"
        ".map(trace => `${chart.id} ${trace.name}`))"
    )
    assert browser.run(mute) == []


def test_one_switch_rules_all_distributions(browser, pages):
    browser.open(pages["eda"])
    browser.draw_all()
    kinds = (
        "[...document.querySelectorAll('[data-group=distributions]')]"
        ".map(chart => chart._fullLayout.yaxis.type)"
    )
    assert set(browser.run(kinds)) == {"linear"}
    bar = "document.querySelector('[data-rules=distributions]')"
    browser.driver.execute_script(f"{bar}.querySelector('[data-option=log]').click()")
    browser.wait(f"{kinds}.every(kind => kind === 'log')")
    assert (
        browser.run(f"{bar}.querySelector('[data-option=log]').getAttribute('aria-pressed')")
        == "true"
    )
    reach = "document.getElementById('chart-distribution-area')._fullLayout.xaxis.range[1]"
    before = browser.run(reach)
    browser.driver.execute_script(f"{bar}.querySelector('[data-option=whole]').click()")
    browser.wait(f"{reach} > {before}")
    assert set(browser.run(kinds)) == {"log"}


def test_a_pair_is_chosen(browser, pages):
    browser.open(pages["eda"])
    browser.draw_all()
    chart = "document.getElementById('chart-pair')"
    total = f"{chart}._fullData[0].customdata.flat().reduce((a, b) => a + b)"
    assert browser.run(total) == 288
    browser.driver.execute_script(
        "const menu = document.querySelector('#figure-pair select');"
        "menu.value = 'contrast~neighbours'; menu.dispatchEvent(new Event('change'))"
    )
    browser.wait(f"{chart}._fullLayout.xaxis.title.text === 'contrast'")
    assert browser.run(total) == 288


def test_charts_follow_the_theme(browser, pages):
    browser.open(pages["report"])
    browser.draw_all()
    colour = "document.getElementById('chart-roc')._fullLayout.font.color"
    light = browser.run(colour)
    browser.theme(dark=True)
    browser.wait(f"{colour} !== arguments[0]", light)
    browser.theme(dark=False)
    browser.wait(f"{colour} === arguments[0]", light)


def test_print_opens_the_tables_and_closes_them_again(browser, pages):
    browser.open(pages["report"], dark=True)
    opened = "document.querySelectorAll('main details[open]').length"
    before = browser.run(opened)
    browser.driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.run(opened) > before
    browser.wait("document.getElementById('chart-roc')._fullLayout?.font.color === '#1c2830'")
    browser.driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.run(opened) == before


def test_the_first_tab_skips_to_the_content(browser, pages):
    browser.open(pages["index"])
    browser.driver.find_element("tag name", "body").send_keys("\ue004")  # Tab
    assert browser.driver.switch_to.active_element.text == "Skip to the content"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert browser.run(outline) == "solid"
    browser.driver.switch_to.active_element.send_keys("\ue007")
    browser.wait("location.hash === '#content'")


@pytest.mark.parametrize(("made", "name"), PAGES)
def test_names_for_screen_readers(browser, request, made, name):
    browser.open(request.getfixturevalue(made)[name])
    assert browser.run("document.documentElement.lang") == "en"
    nameless = browser.run(
        "[...document.querySelectorAll('button, a, select, input, img')]"
        ".filter(e => !(e.textContent.trim() || e.alt || e.ariaLabel || e.labels?.length)).length"
    )
    assert nameless == 0
    assert browser.run("[...document.querySelectorAll('table')].every(t => t.caption.textContent)")
    assert browser.run("[...document.querySelectorAll('thead th')].every(h => h.scope === 'col')")


SAVED = (
    "(() => { window.saved = []; HTMLAnchorElement.prototype.click = function () {"
    " window.saved.push([this.download, this.href]); }; })()"
)
"""Keeps what a page would download: its name and its address."""


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (400, False)])
def test_a_chart_is_saved_alike_at_every_width_and_theme(browser, pages, width, dark):
    browser.open(pages["report"], width=width, dark=dark)
    browser.run(SAVED)
    buttons = "[...document.querySelectorAll('.plot + .save button')]"
    assert browser.run(f"{buttons}.length") == 2 * browser.run(
        "document.querySelectorAll('.plot').length"
    )
    roc = "document.querySelectorAll('#figure-roc .plot + .save button')"
    browser.driver.execute_script(f"{roc}.forEach((button) => button.click())")
    browser.wait("window.saved.length === 2")
    saved = dict(browser.run("window.saved"))
    names = sorted(saved)
    assert [name.rpartition(".")[2] for name in names] == ["png", "svg"]
    svg = unquote(saved[names[1]].partition(",")[2])
    assert 'width="900"' in svg
    assert "1 − specificity" in svg
    assert "rgb(255, 255, 255)" in svg
    assert "rgb(28, 40, 48)" in svg  # light ink, whatever the theme of the screen
    png = base64.b64decode(saved[names[0]].partition(",")[2])
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width == 1800
    assert browser.console() == []


def test_a_table_is_searched_and_saved_with_all_digits(browser, pages):
    browser.open(pages["eda"], width=400)
    blob = (
        "window.blobs = []; URL.createObjectURL = (blob) => { blobs.push(blob); return 'blob:x'; }"
    )
    browser.driver.execute_script(f"{SAVED}; {blob}")
    browser.driver.execute_script(
        "window.bar = [...document.querySelectorAll('.save')].find(b => b.querySelector('input'));"
        "window.box = bar.nextElementSibling; const field = bar.querySelector('input');"
        "field.value = box.querySelector('tbody tr').cells[0].textContent;"
        "field.dispatchEvent(new Event('input')); bar.querySelector('button').click()"
    )
    rows = "[...box.querySelectorAll('tbody tr')]"
    left = browser.run(f"{rows}.filter(row => !row.hidden).length")
    assert 1 <= left < browser.run(f"{rows}.length")
    assert f"CSV of {left} row" in browser.run("bar.querySelector('button').textContent")
    browser.driver.execute_script("blobs[0].text().then((text) => { window.csv = text; })")
    browser.wait("window.csv !== undefined")
    header, *lines = csv.reader(io.StringIO(browser.run("csv")))
    assert len(lines) == left
    assert len(header) == len(lines[0])
    assert browser.run(f"{rows}.find(row => !row.hidden).cells[1].dataset.v") in lines[0]
    assert browser.run("saved[0][0].endsWith('.csv')")
    assert browser.run("document.documentElement.scrollWidth") == 400


def test_a_hostile_name_is_no_formula_in_a_saved_table(browser, pages):
    browser.open(pages["eda"])
    browser.driver.execute_script(
        "URL.createObjectURL = (blob) => { window.blob = blob; return 'blob:x'; };"
        "HTMLAnchorElement.prototype.click = () => {};"
        "const frame = document.querySelector('main .scroll');"
        "frame.querySelector('tbody tr').cells[0].textContent = '=1+1';"
        "[frame.previousElementSibling, frame.nextElementSibling].find(b => b?.matches('.save'))"
        ".querySelector('button').click(); blob.text().then((text) => { window.csv = text; })"
    )
    browser.wait("window.csv !== undefined")
    assert "'=1+1" in browser.run("csv")
