"""The page of the exploratory analysis: what is in the data, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any

from tomocalc.accounts.eda import Exploration, Shift, Spread
from tomocalc.accounts.leakage import SplitAccount, Verdict
from tomocalc.accounts.quality import QualityAccount
from tomocalc.eda.features import REDUNDANT
from tomocalc.metrics import CHANCE
from tomocalc.pages import eda_charts, eda_pairs
from tomocalc.pages.audit_files import grounds_of, say_check
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import label
from tomocalc.pages.frame import render_page
from tomocalc.pages.parts import Cell, feature
from tomocalc.pages.words import BADGES, pretty, with_unit, without_candidate

STATISTICS = (
    *("n", "mean", "sd", "min", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "max"),
    *("skew", "kurtosis", "outliers"),
)
READ = "\N{NO-BREAK SPACE}•"
"""Marks a feature that the model reads."""
MOST = 8
"""Features in the matrix of all pairs; more would be too small to see."""
SHIFTS = {"none": "", "some": "warn", "strong": "bad"}


def eda_page(found: Exploration, *, quality: QualityAccount, split: SplitAccount) -> str:
    """Return the page.

    Parameters
    ----------
    found
        ``eda.json``.
    quality, split
        The accounts of merge and split, ``results/dataset/{quality,split}.json``.
    """
    source, level = quality.source, split.audit.verdict
    shifts = {"parts": found.drift.parts, "sites": found.drift.sites}
    states = _states(quality, split)
    return render_page(
        "eda",
        links=navigation("eda/eda.html", run_pages()),
        badge=BADGES.get(source),
        packages=("numpy", "polars", "plotly"),
        source=source,
        found=found,
        quality=quality,
        after=quality.without_duplicates,
        level=level,
        reasons=grounds_of(split.audit),
        split=split,
        states=[[name, n, k, n - k, k / n if n else None] for name, n, k in states],
        **_first(found, split),
        gaps=_gaps(quality),
        nan=sum(column.nan for column in quality.columns.values()),
        infinite=sum(column.inf for column in quality.columns.values()),
        absent=[n for n, gap in quality.columns.items() if gap.null == quality.rows],
        summary=_summaries(found),
        switches=eda_charts.SWITCHES,
        distributions=[_distribution(found, name, source) for name in found.features],
        correlations=_correlations(found),
        correlation=eda_charts.signed,
        **_pairs(found),
        charts={
            "balance": eda_charts.balance_chart(states),
            "pair": eda_pairs.pair_chart(found) if found.pairs.grids else None,
            "matrix": eda_pairs.matrix_chart(found, _shown(found)) if found.pairs.grids else None,
        },
        places=[
            _place(quality, spread, many)
            for many, spread in (
                ("patients", found.balance.patients),
                ("sites", found.balance.sites),
            )
        ],
        drifts=[_drift(key, rows) for key, rows in shifts.items() if rows],
        REDUNDANT=REDUNDANT,
        FEWEST=eda_pairs.FEWEST,
        CHANCE=CHANCE,
    )


def _first(found: Exploration, split: SplitAccount) -> dict[str, Any]:
    """Return what is known first of the features: what separates alone, twins, strong shifts."""
    areas = {
        name: max(stats.auroc, 1 - stats.auroc)
        for name, stats in found.summary.items()
        if stats.auroc is not None
    }
    best = max(areas, key=lambda name: areas[name]) if areas else ""
    shifts = ((found.drift.parts, "training and test part"), (found.drift.sites, "sites"))
    return {
        "best": (best, areas[best]) if best else None,
        "too_good": [
            say_check(check, "found")
            for check in split.audit.checks
            if check.name == "feature_alone" and check.verdict is Verdict.CAUTION
        ],
        "redundant": found.correlations.redundant,
        "strong": [
            (sorted({row.feature for row in rows if row.shift == "strong"}), what)
            for rows, what in shifts
        ],
    }


def _gaps(quality: QualityAccount) -> list[list[Any]]:
    """Return gaps of every column that was measured: empty, share of all, NaN, infinite."""
    total = max(quality.rows, 1)
    return [
        [
            feature(name),
            gap.null,
            gap.null / total,
            *(Cell(f"{n:,}", n, "bad" if n else "") for n in (gap.nan, gap.inf)),
        ]
        for name, gap in quality.columns.items()
        if gap.null < quality.rows
    ]


def _states(quality: QualityAccount, split: SplitAccount) -> list[tuple[str, int, int]]:
    """Return name, rows and calcifications before the split, in its parts, and oversampled."""
    after, balanced = quality.without_duplicates, split.oversampled
    parts = (("train", "training"), ("validation", "validation"), ("test", "test"))
    done = split.protocol == "paper"  # otherwise it is the model's choice
    return [
        ("all candidates", split.before.candidates, split.before.positives),
        ("without duplicates", after.negatives + after.positives, after.positives),
        *(
            (f"{said} part", part.rows, part.positives)
            for name, said in parts
            if (part := split.parts[name]).rows
        ),
        (
            "training, oversampled" if done else "training, if it were oversampled",
            balanced.negatives + balanced.positives,
            balanced.positives,
        ),
    ]


def _summaries(found: Exploration) -> dict[str, list[list[Any]]]:
    """Return the rows of the tables of statistics, for all candidates and per class."""
    rows: dict[str, list[list[Any]]] = {"all": [], "positive": [], "negative": []}
    for name, stats in found.summary.items():
        marked = feature(name, READ if name in found.model_features else "")
        for group, lines in rows.items():
            facts = getattr(stats, group)
            lines.append([marked, *(getattr(facts, key) for key in STATISTICS)])
        rows["all"][-1].append(stats.auroc)
    return rows


def _distribution(found: Exploration, name: str, source: str) -> dict[str, Any]:
    counts = found.distributions[name]
    central = counts.central
    edges = zip(central.edges, central.edges[1:], strict=False)
    return {
        "name": name,
        "title": with_unit(name, source),
        "chart": eda_charts.distribution_chart(
            counts, found.summary[name], label(with_unit(name, source))
        ),
        "rows": [
            [low, high, negative, positive]
            for (low, high), negative, positive in zip(
                edges, central.negative, central.positive, strict=True
            )
        ],
        "below": central.below,
        "above": central.above,
    }


def _correlations(found: Exploration) -> list[dict[str, Any]]:
    names = [pretty(name) for name in found.correlations.names]
    shown = []
    for key in ("pearson", "spearman"):
        values = getattr(found.correlations, key)
        groups = (values.all, values.positive, values.negative)
        rows = [
            [f"{first} – {names[j]}", *(_marked(group[i][j]) for group in groups)]
            for i, first in enumerate(names)
            for j in range(i + 1, len(names))
        ]
        drawn = eda_charts.correlation_chart(values, names)
        shown.append({"key": key, "title": key.capitalize(), "chart": drawn, "rows": rows})
    return shown


def _marked(r: float | None) -> Any:
    return r if r is None or abs(r) <= REDUNDANT else Cell(eda_charts.signed(r), r, "warn")


def _shown(found: Exploration) -> list[str]:
    """Return the features of the matrix of pairs: those that the model reads, if it reads any."""
    read = [name for name in found.features if name in found.model_features]
    return (read or found.features)[:MOST]


def _pairs(found: Exploration) -> dict[str, Any]:
    shown = _shown(found)
    every, few = [], []
    for grid in found.pairs.grids:
        i, j = map(found.correlations.names.index, (grid.x, grid.y))
        name, facts = f"{pretty(grid.x)} × {pretty(grid.y)}", eda_pairs.grid_facts(grid)
        both = (found.correlations.pearson, found.correlations.spearman)
        every.append([name, *(values.all[i][j] for values in both), *facts])
        if grid.x in shown and grid.y in shown:
            few.append([name, *facts])
    cut = {"cut": MOST if len(shown) == MOST else 0, "paired": len(found.pairs.edges)}
    return {"pairs": every, "matrix_pairs": few, **cut}


def _place(quality: QualityAccount, spread: Spread | None, many: str) -> dict[str, Any]:
    """Return what is shown of patients or sites (*many*): charts of patients, and a table."""
    rows: list[list[Any]] = []
    for place in spread.largest if spread else ():
        n, k = place.candidates, place.positives
        patients = [place.patients] if many == "sites" else []
        rows.append([place.name, *patients, place.volumes, n, k, k / n])
    counts = {"candidates": spread.candidates, "positives": spread.positives} if spread else {}
    names = {"candidates": "Candidates", "positives": "Calcifications"}
    charts = [
        {
            "key": key,
            "title": names[key],
            "chart": eda_charts.places_chart(found, names[key].lower()),
            "five": found.five,
            "mean": found.mean,
            "rows": [
                [Cell(text, edge + 0.5), n]
                for text, edge, n in zip(
                    eda_charts.bin_names(found), found.edges, found.counts, strict=False
                )
            ],
        }
        for key, found in counts.items()
    ]
    return {
        "many": many,
        "total": getattr(quality, many),
        "bare": without_candidate(quality, many) if getattr(quality, many) else "",
        "spread": spread if getattr(quality, many) else None,
        "charts": charts if many == "patients" and getattr(quality, many) else [],
        "rows": rows,
    }


def _drift(key: str, rows: Sequence[Shift]) -> dict[str, Any]:
    return {
        "key": key,
        "chart": eda_charts.drift_chart(rows),
        "strong": sum(row.shift == "strong" for row in rows),
        "some": sum(row.shift == "some" for row in rows),
        "rows": [
            [
                row.group or "no name",
                feature(row.feature),
                row.psi,
                row.psi_chance,
                row.ks,
                row.ks_chance,
                Cell(row.shift, list(SHIFTS).index(row.shift), SHIFTS[row.shift]),
                row.n,
            ]
            for row in rows
        ],
    }
