"""Every result that a person looks at is in the report, with a caption and a category."""

import re
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[2] / "workflow"
SEEN = r'<results>/[^"]*\.(?:html|png|tsv|md)'


def outputs() -> list[tuple[str, str]]:
    """Rule and text of its outputs."""
    found = []
    for file in sorted((WORKFLOW / "rules").glob("*.smk")):
        for rule in re.split(r"^rule ", file.read_text(), flags=re.MULTILINE)[1:]:
            part = re.search(r"^    output:\n(.*?)(?=^    \w+:)", rule, re.DOTALL | re.MULTILINE)
            if part and re.search(SEEN, part[1]):
                found.append((rule.partition(":")[0], part[1]))
    return found


@pytest.mark.parametrize(("rule", "text"), outputs(), ids=[rule for rule, _ in outputs()])
def test_what_a_person_looks_at_is_in_the_report(rule, text):
    reported = re.findall(rf'report\(\s*f?"{SEEN}",\s*caption="([^"]+)",\s*category="[^"]+"', text)
    assert len(reported) == len(re.findall(rf'"{SEEN}"', text))
    for caption in reported:
        words = (WORKFLOW / "rules" / caption).read_text().strip()
        assert words.endswith(".")


def test_every_caption_is_used():
    used = "".join(path.read_text() for path in (WORKFLOW / "rules").glob("*.smk"))
    names = [path.name for path in (WORKFLOW / "report").iterdir()]
    assert [name for name in names if f"report/{name}" not in used] == []
