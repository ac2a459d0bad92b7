"""Every result that a person looks at is in the report, with a caption and a category."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import snakemake.report

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflow"
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
    assert text.count("report(") == text.count("labels={")
    for caption in reported:
        assert (WORKFLOW / "rules" / caption).read_text().strip().endswith(".")


def test_what_the_report_imports_is_installed_with_the_workflow():
    names = set()
    for file in Path(snakemake.report.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    known = packages_distributions()
    wanted = {dist.lower() for name in names for dist in known.get(name, [])}
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert wanted >= {"pygments", "jinja2"}
    assert wanted - set(locked) == set()


def test_every_caption_is_used():
    files = [ROOT / "Snakefile", *(WORKFLOW / "rules").glob("*.smk")]
    used = "".join(path.read_text() for path in files)
    names = [path.name for path in (WORKFLOW / "report").iterdir()]
    assert [name for name in names if f"report/{name}" not in used] == []
