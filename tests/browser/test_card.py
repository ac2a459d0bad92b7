"""The model card and the whole index in a real browser."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_hostile_texts_are_shown_as_they_are_written(browser, card):
    browser.open(card["card"])
    assert browser.run("document.querySelectorAll('main img, main script, main a').length") == 0
    shown = browser.run("document.getElementById('content').textContent")
    assert "<img src=x" in shown
    assert "</script>" in shown
    assert "{{ 7*7 }} ${7*7} <b>bold</b>" in shown


def test_every_item_says_what_is_left_to_the_authors(browser, card):
    browser.open(card["card"])
    rows = "[...document.querySelectorAll('.checks li')]"
    assert browser.run(f"{rows}.length") == 52 + 44
    left = f"{rows}.filter(row => row.matches('.open, .partly'))"
    assert browser.run(f"{left}.every(row => row.querySelector('.ask'))")
    done = f"{rows}.filter(row => !row.matches('.open, .partly'))"
    assert browser.run(f"{done}.every(row => !row.querySelector('.ask'))")
    assert browser.run(f"{rows}.every(row => row.querySelector('.state').textContent)")


def test_the_index_leads_to_the_card_and_back(browser, card):
    browser.open(card["index"])
    browser.driver.execute_script("document.querySelector('.page-links a').click()")
    browser.wait("document.querySelector('h1').textContent === 'Model card'")
    browser.driver.execute_script("document.querySelector('.pages a').click()")
    browser.wait("document.querySelector('h1').textContent === 'Results'")


def test_the_sides_stand_side_by_side_or_below_each_other(browser, card):
    tops = "[...document.querySelectorAll('.side')].map(side => side.getBoundingClientRect().top)"
    browser.open(card["index"])
    assert len(set(browser.run(tops))) == 1
    browser.open(card["index"], width=400)
    assert len(set(browser.run(tops))) == 2


def test_the_methods_are_copied_as_one_paragraph(browser, card):
    browser.open(card["card"], width=400)
    browser.driver.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: (text) =>"
        " { window.copied = [...(window.copied ?? []), text]; }}});"
        "document.querySelectorAll('.copy + .save button').forEach((button) => button.click())"
    )
    browser.wait("window.copied?.length === 2")
    methods, bibtex = browser.run("window.copied")
    assert methods.startswith("Candidates were classified with tomocalc")
    assert "\n" not in methods
    assert bibtex.startswith("@software{tomocalc,\n")
    assert browser.run("document.documentElement.scrollWidth") == 400
