"""The page of a scored volume in a real browser: slices, marks, filter, reasons, keyboard."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DOWN, UP, END, HOME = "\ue015", "\ue013", "\ue010", "\ue011"
LABEL = "document.getElementById('volume-label').textContent"
CIRCLES = "document.querySelectorAll('#volume-marks circle[data-mark]').length"
SOURCE = "document.getElementById('volume-picture').src"


def opened(browser, predicted, **options):
    browser.open(predicted["volume"], **options)
    browser.wait("document.documentElement.dataset.volume === 'ready'")


def press(browser, selector):
    browser.driver.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_the_keyboard_scrolls_through_the_slices(browser, predicted):
    opened(browser, predicted)
    stage = browser.driver.find_element("id", "volume-stage")
    stage.send_keys(HOME)
    assert "slice 0 (0 to 4)" in browser.run(LABEL)
    first = browser.run(SOURCE)
    stage.send_keys(UP)
    assert "slice 0 (0 to 4)" in browser.run(LABEL)
    stage.send_keys(DOWN, DOWN)
    assert "slice 2 (0 to 4)" in browser.run(LABEL)
    assert browser.run(SOURCE) != first
    stage.send_keys(END)
    assert "slice 4 (0 to 4)" in browser.run(LABEL)
    assert browser.run("document.getElementById('volume-picture').naturalWidth") > 0


def test_the_slider_and_the_keys_agree(browser, predicted):
    opened(browser, predicted)
    browser.driver.execute_script(
        "const s = document.getElementById('volume-slice');"
        "s.value = 3; s.dispatchEvent(new Event('input'))"
    )
    assert "slice 3 (0 to 4)" in browser.run(LABEL)
    assert browser.run("document.getElementById('volume-slice-now').textContent") == "3 (0 to 4)"


def test_marks_are_filtered_by_probability(browser, predicted):
    opened(browser, predicted)

    def shown(floor):
        browser.driver.execute_script(
            "const f = document.getElementById('volume-floor');"
            "f.value = arguments[0]; f.dispatchEvent(new Event('input'))",
            floor,
        )
        text = browser.run("document.getElementById('volume-floor-now').textContent")
        return int(text.split(": ")[1])

    everything = shown(0)
    assert everything > shown(0.99) == 0
    press(browser, "#volume-threshold")
    text = browser.run("document.getElementById('volume-floor-now').textContent")
    assert 0 < int(text.split(": ")[1]) < everything
    press(browser, "#volume-everything")
    assert browser.run(CIRCLES) > 0
    press(browser, "#volume-toggle")
    assert browser.run(CIRCLES) == 0


def test_a_candidate_of_the_table_is_shown_and_explained(browser, predicted):
    opened(browser, predicted)
    button = "document.querySelectorAll('#candidates [data-candidate]')[2]"
    number = browser.run(f"{button}.dataset.candidate")
    browser.driver.execute_script(f"{button}.click()")
    why = browser.run("document.getElementById('volume-why').textContent")
    assert f"Candidate {number}" in why
    assert "contrast to noise" in why
    row = f"[...{button}.closest('tr').cells].map(cell => cell.textContent)"
    assert "slice {4}, column {5}, row {6}, ".format(*browser.run(row)) in why
    assert browser.run("document.querySelectorAll('#volume-marks .chosen').length") == 1
    assert browser.run("document.querySelector('#volume-why img').naturalWidth") > 0
    assert browser.run("document.querySelectorAll('#volume-why tbody tr').length") == 3
    assert f"Candidate {number}" in browser.run("document.getElementById('announce').textContent")


def test_next_and_previous_go_through_the_marks(browser, predicted):
    opened(browser, predicted)
    press(browser, "#volume-everything")
    head = "document.querySelector('#volume-why h3').firstChild.textContent"
    stage = browser.driver.find_element("id", "volume-stage")
    first = browser.run(head)
    stage.send_keys("n")
    assert browser.run(head) != first
    stage.send_keys("p")
    assert browser.run(head) == first


def test_a_click_on_a_mark_chooses_it(browser, predicted):
    opened(browser, predicted)
    press(browser, "#volume-everything")
    mark = "document.querySelector('#volume-marks circle[data-mark]:not(.chosen)')"
    number = browser.run(f"{mark}.dataset.mark")
    browser.driver.execute_script(f"{mark}.dispatchEvent(new MouseEvent('click'))")
    assert f"Candidate {number}" in browser.run("document.getElementById('volume-why').textContent")


def test_the_legend_names_what_is_drawn(browser, predicted):
    browser.open(predicted["volume"])
    legend = browser.run("document.querySelector('.keys').textContent")
    for words in ("white: the chosen one", "dotted: in best focus", "pink and dashed"):
        assert words in legend


def test_zoom_keeps_picture_and_marks_together(browser, predicted):
    opened(browser, predicted)
    width = "document.getElementById('volume-sheet').clientWidth"
    before = browser.run(width)
    press(browser, "[data-zoom='2']")
    assert browser.run(width) == pytest.approx(2 * before, abs=40)
    assert browser.run("document.getElementById('volume-marks').clientWidth") == browser.run(width)
