"""Merge many shards: checksums, schema, labels and sorting, beside a bare concatenation.

    python benchmarks/merging.py [VOLUMES]

Each volume has 60 shards of 100 rows; the peer is polars' own streaming scan and sink of the same
files, which checks, labels and sorts nothing.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from tomocalc.files import write_json
from tomocalc.parquet import write_parquet
from tomocalc.tables import SCHEMA_VERSION, SHARD, schema

SLICES, ROWS = 60, 100
PEER = "pl.scan_parquet('features/*/*.parquet').sink_parquet('peer.parquet')"
OURS = """
merge_dataset.main(
    source="volumes", manifests=sorted(map(str, Path("features").glob("*/manifest.json"))),
    annotations="annotations.tsv", annotations_schema=SCHEMA, table=None, columns={},
    features=["area", "gray_level", "contrast"],
    labels={"tolerance_mm": 0.3, "slice_tolerance": 1, "unlabelled": "fail"},
    dataset={"duplicates": "drop", "impute": "none", "max_bad_fraction": 0.01},
    candidates="candidates.parquet", quality="quality.json",
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
        shards.append({"path": path.name, "key": "k", "rows": ROWS, "sha256": sha256})
    write_json(
        folder / "features" / name / "manifest.json",
        {
            "schema_version": SCHEMA_VERSION,
            "volume_id": name,
            "site": "",
            "pixel_spacing_mm": [0.1, 0.1],
            "slice_spacing_mm": 1.0,
            "settings_key": "k",
            "slices": SLICES,
            "shards": shards,
            "slice_facts": [{"objects": ROWS}] * SLICES,
            "quarantined": [],
        },
    )


def timed(code: str, folder: Path) -> tuple[float, float]:
    """Run *code* in a process of its own; return seconds (imports apart) and peak MB."""
    root = Path(__file__).parents[1]
    program = (
        f"import sys; sys.path.insert(0, {str(root / 'workflow/scripts')!r})\n"
        f"SCHEMA = {str(root / 'workflow/schemas/annotations.schema.yaml')!r}\n"
        "import json, resource, time\nfrom pathlib import Path\nimport polars as pl\n"
        "import merge_dataset\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"start = time.perf_counter()\n{code}\n"
        "seconds = time.perf_counter() - start\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "print(json.dumps([seconds, peak / 1024]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, text=True
    )
    return tuple(json.loads(run.stdout.splitlines()[-1]))


def main(volumes: int = 167, repeats: int = 5) -> None:
    """Write the shards, time both ways in turn, print a Markdown table of medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for volume in range(volumes):
            write_volume(folder, volume)
        (folder / "annotations.tsv").write_text(
            "volume_id\tslice\tx\ty\tradius\tkind\nv000000\t3\t100\t100\t50\tcluster\n"
        )
        pairs = [(timed(OURS, folder), timed(PEER, folder)) for _ in range(repeats)]
    ours, peer = (np.median([pair[way] for pair in pairs], axis=0) for way in (0, 1))
    ratio = np.median([pair[0][0] / pair[1][0] for pair in pairs])
    print(f"{volumes * SLICES:,} shards, {volumes * SLICES * ROWS:,} rows, {len(SHARD)} columns\n")
    print("| what | seconds | extra memory (MB) |\n|---|---|---|")
    print(f"| polars scan and sink, nothing checked | {peer[0]:.1f} | {peer[1]:.0f} |")
    print(f"| merge_dataset | {ours[0]:.1f} | {ours[1]:.0f} |")
    print(f"\nratio, median of {repeats} pairs: {ratio:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
