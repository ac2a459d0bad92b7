"""Merge many shards: checksums, schema, labels and sorting, beside a bare concatenation.

    python benchmarks/merging.py [VOLUMES [REPEATS]]

20,000 volumes are 1.2 million slices: 200 and 2,000 are a hundredth and a tenth of them. Each
has 60 shards of 100 rows; the peer is polars' own streaming scan and sink of the same files, which
checks, labels and sorts nothing.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import head

from support.manifests import manifest  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.manifest import SliceFacts, TableEntry
from tomocalc.dataset.listing import write_listing
from tomocalc.parquet import write_parquet
from tomocalc.tables import SHARD, schema

SLICES, ROWS = 60, 100
FACTS: dict[str, Any] = {
    "threshold": 23.456789,
    "mask_share": 0.012345678,
    "breast_share": 0.456789012,
    "objects": ROWS,
    "qc_flag": "ok",
}
PEER = "pl.scan_parquet('features/*/*.parquet').sink_parquet('peer.parquet')"
OURS = """
merge_dataset.main(
    source="volumes", manifests=listed_manifests("features/volumes.tsv"),
    annotations="annotations.tsv", table=None, columns={},
    features=["area", "gray_level", "contrast"],
    labels={"tolerance_mm": 0.3, "slice_tolerance": 1, "ignore_mm": 0.0, "unlabelled": "fail"},
    dataset={"duplicates": "drop", "impute": "none", "max_bad_fraction": 0.01},
    image={"doubts": "report", "allowed_doubts": []}, candidates="candidates.parquet",
    quality="quality.json", croissant="croissant.json",
)
"""


def write_volume(folder: Path, volume: int) -> None:
    """Write the shards and the manifest of one volume."""
    draw = np.random.default_rng(volume)
    name = f"v{volume:06d}"
    kinds = schema(SHARD)
    shards = []
    for index in range(SLICES):
        columns: dict[str, Any] = {
            key: draw.normal(100, 20, ROWS) if kind.is_float() else np.zeros(ROWS)
            for key, kind in kinds.items()
            if kind != pl.String
        }
        columns["candidate_id"] = np.arange(ROWS) + 20 * index
        columns["slice"] = np.full(ROWS, index)
        columns["focus"] = (np.arange(ROWS) < 20) | (index == SLICES - 1)
        columns["detected"] = np.ones(ROWS)
        text = {"volume_id": name, "patient_id": f"p{volume // 2:06d}", "qc_flag": "ok"}
        frame = pl.DataFrame(columns).with_columns(pl.lit(text[key]).alias(key) for key in text)
        path = folder / "features" / name / f"{index:04d}.parquet"
        write_parquet(path, frame.select(list(kinds)).cast(kinds), {"key": "k"})  # type: ignore[arg-type]
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        shards.append(TableEntry(path=path.name, key="k", rows=ROWS, sha256=sha256))
    made = manifest(
        name,
        patient_id=f"p{volume // 2:06d}",
        slices=SLICES,
        rows=2457,
        columns=1890,
        shards=tuple(shards),
        slice_facts=tuple(SliceFacts(slice=index, **FACTS) for index in range(SLICES)),
    )
    made.write(folder / "features" / name / "manifest.json")


def timed(code: str, folder: Path) -> tuple[float, float, float]:
    """Run *code* in a process of its own; return seconds, processor seconds (imports apart), MB."""
    root = Path(__file__).parents[1]
    program = (
        f"import sys; sys.path.insert(0, {str(root / 'workflow/scripts')!r})\n"
        "import json, time\nimport polars as pl\nimport merge_dataset\n"
        "from tomocalc.dataset.listing import listed_manifests\n"
        "def megabytes():\n"
        "    (line,) = [x for x in open('/proc/self/status') if x.startswith('VmHWM')]\n"
        "    return int(line.split()[1]) / 1024\n"
        "before = megabytes()\n"
        f"start, used = time.perf_counter(), time.process_time()\n{code}\n"
        "seconds, used = time.perf_counter() - start, time.process_time() - used\n"
        "print(json.dumps([seconds, used, megabytes() - before]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True
    )
    return tuple(json.loads(run.stdout.splitlines()[-1]))


def main(volumes: int = 167, repeats: int = 5) -> None:
    """Write the shards, time both ways in turn, print a Markdown table of medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.fsync = lambda _: None  # of the many shards: this is not what is timed
        for volume in range(volumes):
            write_volume(folder, volume)
        manifests = sorted(map(str, folder.glob("features/*/manifest.json")))
        write_listing(folder / "features/volumes.tsv", manifests)
        (folder / "annotations.tsv").write_text(
            "volume_id\tslice\tx\ty\tradius\tkind\nv000000\t3\t100\t100\t50\tcalcification\n"
        )
        pairs = [(timed(OURS, folder), timed(PEER, folder)) for _ in range(repeats)]
    ours, peer = (np.median([pair[way] for pair in pairs], axis=0) for way in (0, 1))
    ratio = np.median([pair[0][0] / pair[1][0] for pair in pairs])
    print(f"{volumes * SLICES:,} shards, {volumes * SLICES * ROWS:,} rows, {len(SHARD)} columns\n")
    print(head("what", "seconds", "processor s", "extra memory (MB)"))
    for what, found in (("polars scan and sink, nothing checked", peer), ("merge_dataset", ours)):
        print(f"| {what} | {found[0]:.1f} | {found[1]:.1f} | {found[2]:.0f} |")
    print(f"\nratio, median of {repeats} pairs: {ratio:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
