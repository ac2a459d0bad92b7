"""Small sound files of every kind that is no image, and how each is read."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import torch
import yaml

from support.candidates import as_shard, cohort
from support.defaults import FOLDER, SCHEMAS, read
from support.imports import bcs_dbt_folder, inbreast_folder, victre_folder
from support.manifests import manifest
from support.model_data import NAMES, make_candidates
from support.sheets import VOLUMES, read_volumes
from support.table_data import MAP
from tomocalc.accounts.manifest import TableEntry
from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.inbreast import inbreast
from tomocalc.adapters.victre import victre
from tomocalc.audit.split_file import own_parts
from tomocalc.config import check_config
from tomocalc.dataset.feature_table import read_feature_table
from tomocalc.image.shards import read_manifest, read_volume_rows
from tomocalc.metrics import Threshold
from tomocalc.model.card import ModelCard, NetworkShape, ReadColumn
from tomocalc.model.lstm import Ensemble
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.release import load_model, save_model
from tomocalc.model.sequences import build_sequences
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.plan.graph import plan_run
from tomocalc.sheets import read_annotations


def release(folder: Path) -> Path:
    """Write a model of a thumbnail's size and return its weights."""
    torch.manual_seed(0)
    network = Ensemble(NetworkShape(inputs=3, units=(5, 4), members=2)).eval()
    given = build_sequences(make_candidates(), features=NAMES, kind="slices", slices=3)
    scale = fit_preprocessing(given.x, given.mask, features=3, scaler="quantile")
    save_model(
        weights=str(folder / "model.safetensors"),
        path=str(folder / "model.json"),
        tensors=network.tensors(),
        card=ModelCard(
            features=tuple(ReadColumn(name=name, unit="") for name in NAMES),
            sequence={"kind": "slices", "slices": 3},
            shape=NetworkShape(inputs=3, units=(5, 4), dropout=0.1, members=2),
            preprocessing=scale,
            threshold=Threshold("max_f1", 0.5, "validation"),
        ),
    )
    return folder / "model.safetensors"


def sheet(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    return path


def sheet_of_volumes(folder: Path) -> Path:
    (folder / "a.png").touch()
    head = "volume_id patient_id laterality view path pixel_spacing_mm"
    return sheet(folder, "v.tsv", [head, f"v1 p1 L CC {folder}/a.png 0.1"])


def csv_sheet(folder: Path) -> Path:
    path = sheet_of_volumes(folder)
    path.with_suffix(".csv").write_text(path.read_text().replace("\t", ","))
    return path.with_suffix(".csv")


def sheet_of_annotations(folder: Path) -> Path:
    head = "volume_id slice x y radius kind"
    return sheet(folder, "a.tsv", [head, "v1 3 10.5 20 4 calcification", "v1  7 8 9 cluster"])


def table(folder: Path) -> Path:
    lines = [f"{i},{i / 7},{'yes' if i % 3 else 'no'}" for i in range(30)]
    path = folder / "t.csv"
    path.write_text("A,C,y\n" + "\n".join(lines) + "\n")
    return path


def parquet_table(folder: Path) -> Path:
    path = folder / "t.parquet"
    pl.read_csv(table(folder)).write_parquet(path)
    return path


def read_table(path: Path) -> None:
    read_feature_table(str(path), MAP, unlabelled="fail")


def result(folder: Path) -> Path:
    path = folder / "candidates.parquet"
    write_parquet(path, cohort(patients=3))
    return path


def shard(folder: Path) -> Path:
    path = folder / "0000.parquet"
    write_parquet(path, as_shard(cohort(patients=1, each=5)))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    about = TableEntry(path=path.name, key="k", rows=5, sha256=sha256)
    manifest("v1", shards=(about,)).write(folder / "manifest.json")
    return path


def read_shards(path: Path) -> None:
    announced = path.with_name("manifest.json")
    read_volume_rows(announced, read_manifest(announced))


def settings(folder: Path) -> Path:
    path = folder / "config.yaml"
    path.write_bytes((FOLDER / "config.yaml").read_bytes())
    return path


def read_settings(path: Path) -> None:
    """Check settings and plan what they ask for; Snakemake itself refuses what is no YAML."""
    try:
        given = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, ValueError):  # a date that is none is a ValueError
        return
    if isinstance(given, dict):
        defaults = read("config")
        for name, section in given.items():  # as --configfile lays one over the other
            both = isinstance(section, dict) and isinstance(defaults.get(name), dict)
            defaults[name] = {**defaults[name], **section} if both else section
        plan_run(check_config(defaults, SCHEMAS["config"]), SCHEMAS, look=False)


def split_file(folder: Path) -> Path:
    path = folder / "split.csv"
    lines = [f"v{number},{number % 3},{('train', 'test')[number % 2]}" for number in range(20)]
    path.write_text("volume_id,candidate_id,part\n" + "\n".join(lines) + "\n")
    return path


def boxes(folder: Path) -> Path:
    return next(bcs_dbt_folder(folder / "bcs").glob("*boxes*"))


def regions(folder: Path) -> Path:
    return inbreast_folder(folder / "inbreast") / "AllXML/1001.xml"


def locations(folder: Path) -> Path:
    return victre_folder(folder / "victre") / "7/reconstruction7.loc"


def read_locations(path: Path) -> None:
    with tempfile.TemporaryDirectory() as files:
        victre(path.parents[1], files=Path(files))


FILES: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "sheet of volumes": (sheet_of_volumes, lambda path: read_volumes(str(path), VOLUMES)),
    "CSV sheet": (csv_sheet, lambda path: read_volumes(str(path), VOLUMES)),
    "sheet of annotations": (
        sheet_of_annotations,
        lambda path: read_annotations(str(path), SCHEMAS["annotations"], ["v1"]),
    ),
    "CSV table": (table, read_table),
    "Parquet table": (parquet_table, read_table),
    "settings": (settings, read_settings),
    "split file": (split_file, lambda path: own_parts(str(path))),
    "boxes of BCS-DBT": (boxes, lambda path: bcs_dbt(path.parent)),
    "regions of INbreast": (regions, lambda path: inbreast(path.parents[1])),
    "locations of VICTRE": (locations, read_locations),
    "result": (result, read_parquet),
    "shard": (shard, read_shards),
    "weights": (release, lambda path: load_model(str(path))),
    "model description": (
        lambda folder: release(folder).with_name("model.json"),
        lambda path: load_model(str(path.with_name("model.safetensors"))),
    ),
}
"""How a sound file of each kind is written, and how it is read."""
