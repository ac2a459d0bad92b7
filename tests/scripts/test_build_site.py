"""build_site: every page of a folder is linked, relative to it."""

from pathlib import Path

import build_site


def test_every_page_is_linked_from_one(tmp_path: Path) -> None:
    names = ("index.html", "eda/eda.html", "predictions/v 1/volume.html", "own/page.html")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    page = tmp_path / "site.html"
    pages = [str(tmp_path / name) for name in names]
    build_site.main(pages=pages, folder=str(tmp_path), page=str(page))
    text = page.read_text()
    for address in ("index.html", "eda/eda.html", "predictions/v%201/volume.html", "own/page.html"):
        assert f'href="{address}"' in text
    assert str(tmp_path) not in text
    assert "Exploratory data analysis" in text
