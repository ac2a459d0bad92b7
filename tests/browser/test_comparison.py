"""The pages of the comparison and of the audit in a real browser."""

import pytest

from support.comparison_data import compare

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    compare(folder)
    return {name: folder / f"{name}.html" for name in ("comparison", "leakage")}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["comparison", "leakage"])
def test_quiet_self_contained_and_no_wider_than_the_screen(browser, pages, name, width, dark):
    browser.assert_quiet(pages[name], width=width, dark=dark)


def test_both_protocols_are_drawn_side_by_side(browser, pages):
    browser.open(pages["comparison"])
    browser.draw_all()
    names = "document.getElementById('chart-figure-auroc')._fullData.map(trace => trace.name)"
    assert browser.run(names) == ["paper's protocol", "honest protocol"]
    browser.open(pages["leakage"])
    browser.draw_all()
    rows = "document.querySelectorAll('#verdict .verdict').length"
    assert browser.run(rows) == 2
