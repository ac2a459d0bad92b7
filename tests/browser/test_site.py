"""The guide as a site: its diagrams are drawn where no network is."""

import pytest

from support.guide_pages import render_site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return render_site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    ("page", "boxes", "name"), [("docs/architecture.html", 19, "leakage audit")]
)
def test_a_diagram_is_drawn_on_the_page(browser, site, page, boxes, name, width):
    browser.open(site / page, width=width)
    assert browser.run("document.querySelectorAll('svg[data-text] rect').length") == boxes
    assert name in browser.run("document.querySelector('svg[data-text]').textContent")
    assert browser.run(
        "[...document.querySelectorAll('svg[data-text] text')].every((text) => {"
        " const box = text.previousElementSibling.getBBox(), own = text.getBBox();"
        " return own.x >= box.x && own.x + own.width <= box.x + box.width })"
    )
    assert browser.run("document.querySelector('svg[data-text]').clientWidth") <= width
    assert browser.console() == []
    assert [url for url in browser.requests() if not url.startswith("file:")] == []
