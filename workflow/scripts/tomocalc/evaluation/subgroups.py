"""Figures of subgroups of the test data, and whether they differ.

Subgroups may share patients: views of one breast do. So patients are left out of all subgroups
at a time, and what a patient does to two of them together is part of the test.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from msgspec.structs import replace
from numpy.typing import NDArray

from tomocalc.accounts.figures import FEWEST, SHOWN, Division, Figure, Interaction, Subgroup
from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.evaluation.intervals import equal_values
from tomocalc.evaluation.jackknife import LeftOut, blocks
from tomocalc.evaluation.weighted import (
    WITHIN,
    figures_left_out,
    rarer_groups,
    within_groups_left_out,
)
from tomocalc.model.card import SPREAD, Distribution

TESTED = ("auroc", WITHIN, "recall", "specificity")
"""Figures that do not change with the share of calcifications, which differs between subgroups."""
HALVED = {"size": ("area_mm2", "area"), "contrast": ("contrast",)}
"""What is halved at the median of the training's calcifications, and the features that tell it."""
HALVES = {"size": ("smaller", "larger"), "contrast": ("fainter", "stronger")}
THIRDS = ("lowest third", "middle third", "uppermost third")

Unit = Literal["candidates", "volumes"]
Measured = tuple[LeftOut, NDArray[np.integer]]
"""A figure of a subgroup, and which blocks of patients were left out of it."""


@dataclass(frozen=True)
class Known:
    """What tells subgroups apart beside the candidates themselves.

    Attributes
    ----------
    features
        How each was distributed in the training: of the model's card.
    volumes
        Manifests; none of a table.
    sheet
        Of each volume what the sheet says beside: ``vendor``, ``density``.
    columns
        Of a table: ``candidate_id`` and the columns of ``table.subgroups``, or None.
    """

    features: Mapping[str, Distribution]
    volumes: Sequence[VolumeFacts] = ()
    sheet: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    columns: pl.DataFrame | None = None

    def said(self, by: str, names: Sequence[str]) -> list[str | None]:
        """Return vendor or density of volumes: the sheet's, else the header's vendor."""
        headers = {one.volume_id: one.vendor for one in self.volumes if by == "vendor"}
        return [self.sheet.get(name, {}).get(by) or headers.get(name) or None for name in names]


@dataclass(frozen=True)
class Rows:
    """Rows of the test part, or its volumes: truth, score and patient of each."""

    label: NDArray[np.int8]
    score: NDArray[np.float64]
    group: NDArray[np.int32]
    threshold: float
    confidence: float


def subgroups_of(
    candidates: pl.DataFrame,
    cases: pl.DataFrame,
    known: Known,
    *,
    threshold: float,
    confidence: float,
) -> tuple[Division, ...]:
    """Measure candidates and volumes of the test part by everything that divides them.

    Parameters
    ----------
    candidates
        Of the test part, at best focus: keys, slice, site, features, label, probability, group.
    cases
        ``volumes.parquet`` of the test part; without rows where there are no volumes.
    known
        What tells subgroups apart.
    """
    given = {"threshold": threshold, "confidence": confidence}
    rows = Rows(
        candidates["label"].to_numpy(),
        candidates["probability"].to_numpy(),
        candidates["group"].to_numpy().astype(np.int32),
        **given,
    )
    found = [
        divide(rows, names, by=by, unit="candidates", cut=cut)
        for by, names, cut in _of_candidates(candidates, known)
    ]
    if cases.height:
        patient = (cases["patient_id"].rank("dense") - 1).cast(pl.Int32)
        rows = Rows(
            (cases["findings"] > 0).cast(pl.Int8).to_numpy(),
            cases["score"].to_numpy(),
            patient.to_numpy(),
            **given,
        )
        found += [
            divide(rows, names, by=by, unit="volumes", cut=cut)
            for by, names, cut in _of_volumes(cases["volume_id"].to_list(), known)
        ]
    return holm([division for division in found if division])


def divide(
    rows: Rows, names: Sequence[str | None], *, by: str, unit: Unit, cut: float | None = None
) -> Division | None:
    """Measure the subgroups that *names* makes of *rows*; None where there are fewer than two.

    Parameters
    ----------
    names
        Subgroup of every row; None where it is not known.
    by, unit, cut
        As the account has them.
    """
    named = np.array(["" if name is None else name for name in names], dtype=str)
    values = [str(name) for name in np.unique(named) if name]
    if len(values) < 2:
        return None
    if by == "depth":
        values = [name for name in THIRDS if name in values]
    # the same blocks for all subgroups, so that what is left out of one is left out of all
    block = blocks(rows.group).astype(np.int32)
    measured: dict[str, dict[str, Measured]] = {name: {} for name in TESTED}
    subgroups = []
    for name in values:
        inside = named == name
        label, mine = rows.label[inside], block[inside]
        rarer = rarer_groups(label, rows.group[inside])
        figures: dict[str, Figure] = {}
        if rarer >= FEWEST:
            found = figures_left_out(label, rows.score[inside], mine, threshold=rows.threshold)
            within, whose = within_groups_left_out(
                label, rows.score[inside], rows.group[inside], mine
            )
            known = dict.fromkeys(found.values, found)
            known |= {WITHIN: within} if within.groups >= FEWEST else {}
            for key in set(TESTED) & set(known):
                measured[key][name] = known[key], whose if key == WITHIN else np.unique(mine)
            figures = {
                key: one.figure(key, rows.confidence) for key in SHOWN if (one := known.get(key))
            }
        counts = {"n": len(label), "positives": int(label.sum()), "rarer_groups": rarer}
        subgroups.append(Subgroup(name=name, figures=figures, **counts))
    return Division(
        by=by,
        unit=unit,
        unknown=int((named == "").sum()),
        cut=cut,
        subgroups=tuple(subgroups),
        interactions=tuple(
            _interaction(those, figure) for figure, those in measured.items() if len(those) > 1
        ),
    )


def _interaction(measured: Mapping[str, Measured], figure: str) -> Interaction:
    """Test whether the subgroups have one value of a figure."""
    values = {name: found.values[figure] for name, (found, _) in measured.items()}
    p = equal_values(
        [
            (found.values[figure], found.without[figure], left_out, found.groups)
            for found, left_out in measured.values()
        ]
    )
    lowest = min(values, key=lambda name: values[name])
    return Interaction(figure=figure, lowest=lowest, p_value=p, adjusted=None)


def holm(divisions: Sequence[Division]) -> tuple[Division, ...]:
    """Adjust all p-values together; source: Holm, Scand. J. Stat. 6 (1979) 65."""
    places = [
        (test.p_value, i, j)
        for i, division in enumerate(divisions)
        for j, test in enumerate(division.interactions)
        if test.p_value is not None
    ]
    adjusted: dict[tuple[int, int], float] = {}
    highest = 0.0
    for rank, (p, i, j) in enumerate(sorted(places)):
        highest = max(highest, min(1.0, p * (len(places) - rank)))
        adjusted[i, j] = highest
    return tuple(
        replace(
            division,
            interactions=tuple(
                replace(test, adjusted=adjusted.get((i, j)))
                for j, test in enumerate(division.interactions)
            ),
        )
        for i, division in enumerate(divisions)
    )


def _of_candidates(
    rows: pl.DataFrame, known: Known
) -> Iterator[tuple[str, list[str | None], float | None]]:
    """Yield what candidates are divided by, the subgroup of each, and where they were halved."""
    names, volumes = rows["volume_id"].to_list(), {row.volume_id: row for row in known.volumes}
    yield "site", [site or None for site in rows["site"].to_list()], None
    for by in ("vendor", "density"):
        yield by, known.said(by, names), None
    if volumes:
        yield "view", [volumes[name].view for name in names], None
        slices = np.array([volumes[name].slices for name in names])
        third = np.minimum(3 * (rows["slice"].to_numpy() + 0.5) / slices, 2).astype(int)
        deep = slices >= len(THIRDS)
        yield "depth", [THIRDS[k] if ok else None for k, ok in zip(third, deep, strict=True)], None
    for by, features in HALVED.items():
        name = next((one for one in features if one in known.features), None)
        classes = known.features[name].classes if name else {}
        if name and "1" in classes:
            cut = classes["1"][len(SPREAD) // 2]  # the median
            values = rows[name].cast(pl.Float64).to_numpy()
            yield by, [_half(by, value, cut) for value in values], cut
    if known.columns is not None:
        joined = rows.select("candidate_id").join(
            known.columns, on="candidate_id", how="left", maintain_order="left"
        )
        for by in known.columns.columns[1:]:
            yield by, [value or None for value in joined[by].to_list()], None


def _half(by: str, value: float, cut: float) -> str | None:
    return HALVES[by][int(value >= cut)] if np.isfinite(value) else None


def _of_volumes(
    names: Sequence[str], known: Known
) -> Iterator[tuple[str, list[str | None], float | None]]:
    """Yield what volumes are divided by, and the subgroup of each of *names*."""
    volumes = {row.volume_id: row for row in known.volumes}
    yield "site", [volumes[name].site or None for name in names], None
    for by in ("vendor", "density"):
        yield by, known.said(by, names), None
    yield "view", [volumes[name].view for name in names], None
