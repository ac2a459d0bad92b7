"""A project with a user's own volumes: folders of PNG slices, a sheet, annotations."""

import subprocess
from pathlib import Path

from support.image_volumes import CALCIFICATIONS, write_volume
from support.projects import Project

OWN = """\
source: volumes
volumes: {sheet: volumes.tsv, annotations: annotations.tsv}
sequence: {slices: 3}
volumes_per_job: 1
"""
ARGUMENTS = ("--configfile", "own.yaml")
MEASURED = ("results/dataset/candidates.parquet", "results/qc/detection.json", *ARGUMENTS)
"""What `measured` has run: all that comes before a split."""
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath\tpixel_spacing_mm\tslice_spacing_mm"


def add_volumes(project: Project, names: tuple[str, ...] = ("v1", "v2", "v3")) -> Project:
    """Write small volumes, each of a patient of its own, and a configuration that uses them."""
    lines, findings = [HEADER], ["volume_id\tslice\tx\ty\tradius\tkind"]
    for name in names:
        write_volume(project.folder / "raw" / name)
        lines.append(f"{name}\tp-{name}\tL\tCC\traw/{name}\t0.1\t1.0")
        findings += [
            f"{name}\t{focus}\t{x}\t{y}\t3\tcalcification" for y, x, focus in CALCIFICATIONS
        ]
    (project.folder / "volumes.tsv").write_text("\n".join(lines) + "\n")
    (project.folder / "annotations.tsv").write_text("\n".join(findings) + "\n")
    (project.folder / "own.yaml").write_text(OWN)
    return project


def errors(run: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines of a run that follow the error contract, each once."""
    lines = (line.strip() for line in (run.stdout + run.stderr).splitlines())
    return list(dict.fromkeys(line for line in lines if line.startswith("ERROR [E")))


def account(name: str) -> str:
    """Return the target that measures one volume alone."""
    return f"results/batches/{name}.json"


def manifest(project: Project, name: str) -> Path:
    """Return the path of a volume's manifest."""
    return project.folder / f"results/features/{name}/manifest.json"


def beside_batches(project: Project) -> dict[str, bytes]:
    """Return all results but the accounts of batches."""
    found = project.outputs()
    return {name: found[name] for name in found if not name.startswith("batches/")}
