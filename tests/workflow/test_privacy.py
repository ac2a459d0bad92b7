"""What a DICOM header says of a patient reaches no file that the workflow writes."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pydicom
import pydicom.uid
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from projects import ROOT, Project

CANARY = "PHI-CANARY"
DAY, TIME, UID = "19660606", "060606.666666", "1.2.826.0.1.3680043.8.498.666.666"
TEXT = {"LO", "SH", "PN", "LT", "ST", "UC", "UT", "AE"}
VALUES = {"DA": DAY, "TM": TIME, "DT": DAY + TIME, "UI": UID}
KEPT = {"SOPClassUID", "DimensionOrganizationUID", "FrameOfReferenceUID"}


def identify(path: Path, target: Path) -> None:
    """Write a volume whose header names a patient wherever a header can."""
    image = pydicom.dcmread(path)
    for tag, (kind, _, _, retired, _) in DicomDictionary.items():
        word = keyword_for_tag(tag)
        if not word or retired or Tag(tag).group in (0x0000, 0x0002, 0x0004) or word in KEPT:
            continue
        if kind in TEXT:
            image.add_new(tag, kind, CANARY if kind != "AE" else CANARY[:16])
        elif kind in VALUES and "UIDs" not in word:
            image.add_new(tag, kind, VALUES[kind])
    block = image.private_block(0x0099, CANARY, create=True)
    block.add_new(1, "LO", CANARY)
    block.add_new(2, "UN", CANARY.encode() + b" ")
    image.add_new((0x6000, 0x4000), "LT", CANARY)  # overlay comments
    image.preamble = CANARY.encode().ljust(128, b"\0")
    image.file_meta.SourceApplicationEntityTitle = CANARY
    image.file_meta.PrivateInformationCreatorUID = pydicom.uid.UID(UID)
    image.file_meta.PrivateInformation = CANARY.encode() + b" "
    for item in image.get("PerFrameFunctionalGroupsSequence", []):
        comment = Dataset()
        comment.FrameComments = CANARY
        item.FrameContentSequence = [*item.get("FrameContentSequence", []), comment][:1]
        item.add_new((0x0020, 0x9158), "LT", CANARY)
    image.save_as(target)


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


def test_no_word_of_a_header_reaches_any_output(rerun: Project) -> None:
    raw = rerun.folder / "raw"
    raw.mkdir()
    phantom = rerun.folder / "resources/phantom"
    for path in sorted(phantom.glob("*.dcm")):
        identify(path, raw / path.name)
    assert (raw / "P001-LCC.dcm").read_bytes().count(CANARY.encode()) > 500
    sheet = (phantom / "volumes.tsv").read_text()
    (rerun.folder / "own.tsv").write_text(re.sub(r"[^\t]*/(P\w+-\w+\.dcm)", r"raw/\1", sheet))
    (rerun.folder / "findings.tsv").write_text((phantom / "annotations.tsv").read_text())
    own = (
        *("--configfile", "tiny.yaml", "--config", "source=volumes"),
        "volumes={sheet: own.tsv, annotations: findings.tsv}",
        "pathvars={results: results/own, logs: logs/own}",
    )
    rerun.snakemake(*own)
    rerun.snakemake(*own, "--report", "results/own/report.zip")
    damaged = raw / "P001-LCC.dcm"
    os.truncate(damaged, damaged.stat().st_size - 1000)
    failed = rerun.snakemake(*own, ok=False)
    words = (CANARY, DAY, TIME, UID)
    assert not [word for word in words if word in failed.stdout + failed.stderr]
    for folder in ("results", "logs", ".snakemake"):
        assert hits(rerun.folder / folder, words) == []


def test_no_rule_shares_files_between_users() -> None:
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s+cache:", path.read_text(), re.MULTILINE), path
    assert "umask" in (ROOT / "SECURITY.md").read_text()


def test_no_shell_command_takes_a_name_unquoted() -> None:
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        assert not re.search(r"^\s+(shell|run):", path.read_text(), re.MULTILINE), path
