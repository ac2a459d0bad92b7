"""What a DICOM header says of a patient reaches no file that the workflow writes."""

import os
import re
import zipfile
from pathlib import Path

from support.identifiers import CANARY, DAY, IDENTIFIER, TIME
from support.projects import ROOT, Project, copied


def hits(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Return every file below *folder* that holds one of *words*, in archives too."""
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        contents = {"": path.read_bytes()}
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                contents = {name: archive.read(name) for name in archive.namelist()}
        for name, content in contents.items():
            found += [
                f"{path.relative_to(folder)} {name}: {word}"
                for word in words
                if word.encode() in content or word.encode("utf-16-le") in content
            ]
    return found


def test_no_word_of_a_header_reaches_any_output(studied: Project, tmp_path: Path) -> None:
    """Of a study in which half of the volumes have such headers, finished; then one is damaged."""
    project = copied(studied, tmp_path)
    damaged = project.folder / "my_data/P001-LCC.dcm"
    assert damaged.read_bytes().count(CANARY.encode()) > 500
    own = ("--configfile", "my_study.yaml")
    project.snakemake(*own, "--report", "results/my_study/report.zip")
    os.truncate(damaged, damaged.stat().st_size - 1000)
    failed = project.snakemake(*own, ok=False)
    words = (CANARY, DAY, TIME, IDENTIFIER)
    said = (project.folder / "said.json").read_text() + failed.stdout + failed.stderr
    assert not [word for word in words if word in said]
    for folder in ("results", "logs", ".snakemake"):
        assert hits(project.folder / folder, words) == []


def test_no_rule_shares_files_between_users_or_has_a_shell_command() -> None:
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s+(cache|shell|run):", path.read_text(), re.MULTILINE), path
    assert "umask" in (ROOT / "SECURITY.md").read_text()
