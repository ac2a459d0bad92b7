"""The accounts of a small made-up run, as the model card and the index read them."""

from pathlib import Path
from typing import Any

import polars as pl

from support.defaults import CONFIG
from support.model_data import chosen
from support.pages_data import FEATURES, figures, images, rows, write_dataset
from tomocalc.accounts.figures import Figure, Lead
from tomocalc.accounts.leakage import (
    Check,
    Gaps,
    LeakageAccount,
    ModelWorth,
    PartCounts,
    SplitAccount,
    SplitAudit,
    Verdict,
)
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.quality import QualityAccount
from tomocalc.accounts.study import Best
from tomocalc.comparison.catalogue import ROWS
from tomocalc.comparison.table import SCHEMA
from tomocalc.metrics import Threshold
from tomocalc.model.card import (
    Calibration,
    Device,
    ModelCard,
    NetworkShape,
    PartRows,
    ReadColumn,
    TrainedOn,
)
from tomocalc.model.preprocessing import Preprocessing
from tomocalc.pages.card import Run
from tomocalc.parquet import read_parquet, write_parquet

NO_TEXTS: dict[str, Any] = CONFIG["card"]
LABELS = {"tolerance_mm": 0.3, "slice_tolerance": 1}
ROWS_OF_PART = PartRows(samples=400, positives=80, candidates=400)
MODEL = ModelCard(
    features=tuple(ReadColumn(name=name, unit="") for name in FEATURES),
    sequence={"kind": "slices", "slices": 7},
    preprocessing=Preprocessing("quantile", (), ()),
    shape=NetworkShape(inputs=4, units=(16, 8), dropout=0.2, members=2),
    training={
        "batch_size": 128,
        "imbalance": "none",
        "learning_rate": 0.01,
        "patience": 0,
        "schedule": "one_cycle",
        "seed": 1,
        "weight_decay": 0.0,
    },
    epochs=20,
    best_epoch=20,
    threshold=Threshold("max_f1", 0.4, "validation"),
    calibration=Calibration(prevalence=0.125),
    data=TrainedOn(
        candidates_sha256="a" * 64,
        splits_sha256="b" * 64,
        train=ROWS_OF_PART,
        validation=ROWS_OF_PART,
    ),
    versions={"numpy": "2.4.6", "python": "3.12.1", "torch": "2.13.0"},
    device=Device(asked="auto", used="cpu"),
    weights_sha256="c" * 64,
)
GAP = {"value": 0.2, "low": 0.05, "high": 0.35}
NAMES = ("auroc", "average_precision", "f1", "accuracy")


def audit() -> LeakageAccount:
    """Return ``leakage.json`` of a run whose own protocol is the honest one."""
    counts = PartCounts(rows=400, positives=80, patients=40)
    seen = Check(
        name="copies", verdict=Verdict.LEAKS, count=80, of=400, positives=80, of_positives=80
    )
    told = [
        Check(name="order_rows", verdict=Verdict.CAUTION, count=80, of=400, value=0.8 + i / 100)
        for i in range(4)
    ]
    audits = {
        name: SplitAudit(
            verdict=verdict,
            parts=dict.fromkeys(("train", "validation", "test"), counts),
            patients_named=True,
            checks=checks,
            features=[],
            shared=[],
        )
        for name, verdict, checks in (
            ("honest", Verdict.CLEAN, []),
            ("paper", Verdict.LEAKS, [seen, *told]),
        )
    }
    matched = dict.fromkeys(NAMES, Figure(**GAP))
    gaps_of = dict.fromkeys(NAMES, Lead(**GAP, p=0.01))
    models: dict[str, dict[str, ModelWorth]] = {
        name: dict.fromkeys(
            ("lstm", "nearest_neighbour"), ModelWorth(raw={}, matched=matched, gap=gap)
        )
        for name, gap in (("honest", None), ("paper", gaps_of))
    }
    gaps = Gaps(reference="honest", prevalence=0.2, rarer_groups={}, protocols=models)
    return LeakageAccount(
        audited="honest", verdict=Verdict.CLEAN, confidence=0.95, protocols=audits, gaps=gaps
    )


def comparison() -> pl.DataFrame:
    """Return ``comparison.parquet``: two models were run under both protocols."""
    ends = {"": 0.0, "_low": -0.1, "_high": 0.05}
    lines = []
    for protocol, value in (("honest", 0.8), ("paper", 0.95)):
        for row in ROWS:
            line: dict[str, Any] = {
                "protocol": protocol,
                "model": row.key,
                "name": row.name,
                "kind": row.kind,
                "remark": row.remark,
                "groups": 40,
                "measured": row.key in ("lstm", "nearest_neighbour"),
                "cited_accuracy": 0.9727 if row.key == "lstm" else None,
            }
            if line["measured"]:
                line |= {f"{name}{end}": value + by for name in NAMES for end, by in ends.items()}
            lines.append(line)
    return pl.DataFrame(lines, schema=SCHEMA)


def write_accounts(results: Path, *, source: str = "phantom") -> dict[str, str]:
    """Write what the card reads below *results*, and return the paths."""
    dataset = write_dataset(results / "dataset", rows(), source=source)
    MODEL.write(results / "model/model.json")
    audit().write(results / "audit/leakage.json")
    chosen(trials=12, failed=1).write(results / "tuning/best.json")
    metrics = results / "evaluation/metrics.json"
    figures(source=source, images=images().facts).write(metrics)
    paths = {"model": str(results / "model/model.json")}
    paths["best"] = str(results / "tuning/best.json")
    paths["metrics"] = str(metrics)
    paths["audit"] = str(results / "audit/leakage.json")
    table = results / "comparison/comparison.parquet"
    write_parquet(table, comparison())
    named = {key: dataset[key] for key in ("quality", "split")}
    return paths | named | {"comparison": str(table)}


def facts(folder: Path, *, source: str = "phantom", **texts: Any) -> Run:
    """Return the facts of the made-up run; *texts* are of the authors."""
    paths = write_accounts(folder, source=source)
    table = read_parquet(paths.pop("comparison"))
    typed: dict[str, Any] = {
        "quality": QualityAccount.read,
        "split": SplitAccount.read,
        "best": Best.read,
        "metrics": MetricsAccount.read,
        "audit": LeakageAccount.read,
        "model": ModelCard.read,
    }
    accounts: dict[str, Any] = {name: typed[name](path) for name, path in paths.items()}
    return Run(
        **accounts, comparison=table.to_dicts(), labels=LABELS, authors=NO_TEXTS | texts, seed=1
    )
