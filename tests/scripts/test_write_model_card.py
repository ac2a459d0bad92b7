"""write_model_card: two files from one structure, the same for the same run."""

import re
from pathlib import Path

import pytest
import yaml

import write_model_card
from support.card_data import LABELS, NO_TEXTS, write_accounts
from tomocalc.version import VERSION


def write(folder: Path, *, source: str = "phantom", **texts) -> tuple[str, str]:
    text, page = folder / "model_card.md", folder / "model_card.html"
    write_model_card.main(
        **write_accounts(folder, source=source),
        labels=LABELS,
        authors=NO_TEXTS | texts,
        seed=1,
        text=str(text),
        page=str(page),
    )
    return text.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


@pytest.mark.parametrize("source", ["phantom", "volumes", "inserted", "table"])
def test_both_say_the_same(tmp_path, source):
    text, page = write(tmp_path, source=source)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == re.findall(r"<h2 [^>]*>([^<]*)", page)
    for words in ("It must not be used for", "Stacked LSTM"):
        assert words in text
        assert words in page
    auroc = re.search(r"- AUROC: \*\*([\d.]+)\*\*", text)
    assert auroc
    assert f'<span class="value">{auroc[1]}</span>' in page
    assert ("in-silico phantom" in page) == (source == "phantom")
    assert ("Calcifications were simulated and put into" in text) == (source == "inserted")
    assert (">simulated calcifications<" in page) == (source == "inserted")
    of_images = source != "table"
    assert ("microcalcifications in digital breast tomosynthesis: to" in text) == of_images
    assert ("Telling benign from malignant" in text) == of_images  # of a table it may be the label
    # neither sentence is of the rows, which may be clusters
    assert ("slices that belong together count once" in text) == of_images
    assert str(tmp_path) not in text + page


def test_every_model_and_protocol_is_in_one_table(tmp_path):
    text, page = write(tmp_path)
    rows = re.findall(r"^\| (Stacked LSTM|1-nearest neighbour) \| ([a-z']+) \|", text, re.MULTILINE)
    models = ("Stacked LSTM", "1-nearest neighbour")
    assert rows == [(model, protocol) for protocol in ("honest", "paper's") for model in models]
    assert "0.9727" in text
    assert "Not run: AlexNet" in text
    assert "Not run: AlexNet" in page


def test_the_same_run_gives_the_same_bytes(tmp_path):
    assert write(tmp_path / "a") == write(tmp_path / "b")


def test_texts_of_the_authors_reach_both(tmp_path):
    text, page = write(tmp_path, authors="A. & B.", answers={"tripod_18a": "Paid by <none>."})
    assert "A. &amp; B." in text
    assert "A. &amp; B." in page
    assert "Paid by &lt;none&gt;." in text
    assert "Paid by &lt;none&gt;." in page
    assert "52 entries" in text
    assert "1 filled by the authors" in text


def test_methods_and_citation_are_there_to_copy(tmp_path):
    text, page = write(tmp_path)
    title = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text())["title"]
    for said in (text, page):
        cited = said.partition("@software{tomocalc,")[2]
        assert f"title = {{{title}}}" in cited
        assert "version = {" + VERSION + "}" in cited
    assert "```\n@software" in text
    methods = re.search(r'<p class="copy">(.*?)</p>', page, re.DOTALL)
    assert methods
    assert f"tomocalc {VERSION}" in methods[1]
    assert "On single candidates of the test part: AUROC 0." in " ".join(methods[1].split())
