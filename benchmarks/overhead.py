"""What the workflow costs beside the work: `python benchmarks/overhead.py [VOLUMES [SLICES]]`.

Processor time of `extract_features` on whole volumes (2457 × 1890 pixels, uncompressed), called
directly in one process, and right after it as jobs of Snakemake: one, two and four volumes per job
on average. Nothing else may run: a busy neighbour core alone makes the same work dearer.
Snakemake runs as with `requirements.lock` (see scale.py). Its start is a run of the same targets
with nothing to do; it comes once in a run of any length, so the share of the work is told with it
and without it.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import shutil
import sys
import tempfile
from pathlib import Path

from features import breast
from measuring import head, spend
from scale import AT_HOME, START

from support.image_files import write_dicom
from support.projects import copy_project
from tomocalc.plan.volumes import batches

OWN = "source: volumes\nvolumes: {sheet: volumes.tsv, annotations: annotations.tsv}\n"
DIRECT = """
import sys, yaml
sys.path.insert(0, "workflow/scripts")
import extract_features
from tomocalc.log import keep_freed_memory
keep_freed_memory()
config = yaml.safe_load(open("config/config.yaml"))
for name in sys.argv[1:]:
    row = {"volume_id": name, "patient_id": "p", "laterality": "L", "view": "CC", "site": None,
           "pixel_spacing_mm": 0.085, "slice_spacing_mm": 1.0, "sha256": None,
           "path": f"raw/{name}.dcm"}
    extract_features.main(
        volumes=[row], folder="direct", account=f"direct/{name}.json", in_silico=False,
        image=config["image"], candidates=config["candidates"],
        sequence_slices=config["sequence"]["slices"])
"""


def project(folder: Path, names: list[str], slices: int) -> None:
    """Write a project whose volumes are one file under several names."""
    copy_project(folder)
    (folder / "raw").mkdir()
    image = breast(100) // 4
    write_dicom(folder / "raw/one", [image] * slices, spacing=(0.085, 0.085))
    lines = ["volume_id\tpatient_id\tlaterality\tview\tpath\tpixel_spacing_mm\tslice_spacing_mm"]
    for name in names:
        (folder / f"raw/{name}.dcm").hardlink_to(folder / "raw/one")
        lines.append(f"{name}\tp\tL\tCC\traw/{name}.dcm\t0.085\t1")
    (folder / "volumes.tsv").write_text("\n".join(lines) + "\n")
    (folder / "annotations.tsv").write_text(
        f"volume_id\tslice\tx\ty\tradius\tkind\n{names[0]}\t0\t9\t9\t3\tcalcification\n"
    )
    (folder / "own.yaml").write_text(OWN)


def main() -> None:
    count, slices = [*map(int, sys.argv[1:]), *(16, 60)[len(sys.argv) - 1 :]]
    names = [f"v{number:04d}" for number in range(count)]
    run = [sys.executable, "-c", AT_HOME + START, "--cores", "1", "results/features/volumes.tsv"]
    run += ["--configfile", "own.yaml"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        project(folder, names, slices)
        what = f"{count} volumes of {slices} slices"
        print(head(what, "jobs | work s | with Snakemake s | start | a job | share | without"))
        for size in (1, 2, 4):
            jobs = len(batches(names, size))
            share = ["--config", f"volumes_per_job={size}"]
            shutil.rmtree(folder / "results", ignore_errors=True)
            shutil.rmtree(folder / "direct", ignore_errors=True)
            work = spend([sys.executable, "-c", DIRECT, *names], cwd=folder).cpu
            total, start = (spend([*run, *share], cwd=folder).cpu for _ in range(2))
            beside = total - start - work
            print(
                f"| {size} a job | {jobs} | {work:.1f} | {total:.1f} | {start:.1f} "
                f"| {beside / jobs:.1f} | {total / work - 1:.1%} | {beside / work:.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
