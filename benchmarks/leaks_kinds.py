"""What is measured in clean tables, kind by kind; `benchmarks/leaks_studies.py` says of whom."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from leaks_studies import Array, Study, normal, study, written
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

Measured = Array | pl.DataFrame


def rounded(s: Study, found: Array, low: int = 0, high: int = 4) -> Array:
    return found.round(int(s.draw.integers(low, high + 1)))


def with_gaps(s: Study, found: Array, share: Array | float) -> Array:
    return np.where(s.draw.random(found.shape) < share, np.nan, found)


def gappy(s: Study) -> Array:
    return with_gaps(s, rounded(s, 10 * normal(s)), s.draw.uniform(0.01, 0.3))


def gaps_of_sites(s: Study) -> Array:
    found = normal(s, 60)
    share = s.draw.choice([0, 0, 0, 0.05, 0.5, 1], (5, found.shape[1]))
    return rounded(s, with_gaps(s, found, share[s.site[s.who]]), 1, 6)


def gaps_of_patients(s: Study) -> Array:
    found = normal(s, 40, own=1)
    return with_gaps(s, found, (s.draw.random((len(s.site), found.shape[1])) < 0.3)[s.who])


def strong(s: Study) -> Array:
    """Return features of which one honestly reaches an AUROC of 0.95."""
    found = normal(s, 60, own=0.1)
    found[:, 0] = s.draw.normal(size=len(found)) + 2.33 * s.label
    return found


def batches(s: Study) -> Array:
    found, of = normal(s), s.site[s.who]
    moved, wider = s.draw.normal(size=(2, 5, found.shape[1]))
    return found * np.exp(0.3 * wider[of]) + 1.5 * moved[of]


def site_by_site(s: Study) -> Array:
    """Return features that every site is scaled for by its training rows, else by all of these."""
    found, of = normal(s, 40), s.site[s.who]
    known = s.part[s.who] == "train"
    for site in set(of):
        some = found[known & (of == site)]
        some = some if len(some) > 9 else found[known]
        found[of == site] = (found[of == site] - some.mean(axis=0)) / some.std(axis=0)
    return found


def mean_label(s: Study) -> Array:
    """Return features beside the mean label of the site among the training rows."""
    known, of = s.part[s.who] == "train", s.site[s.who]
    total = np.bincount(of[known], s.label[known], 5) + 5 * s.label[known].mean()
    return np.c_[normal(s, 20), (total / (np.bincount(of[known], minlength=5) + 5))[of]]


def slices(s: Study) -> Array:
    """Return features of slices in their order, each much like the one before it."""
    found = normal(s, 40)
    for at in np.flatnonzero(s.who[1:] == s.who[:-1]) + 1:
        found[at] = 0.95 * found[at - 1] + 0.3 * found[at]
    return found


def shares_of_whole(s: Study) -> Array:
    parts = np.exp(normal(s, 40))
    return parts / parts.sum(axis=1, keepdims=True)


def histogram(s: Study) -> Array:
    count = int(s.draw.choice([20, 100, 1000]))
    return np.array([s.draw.multinomial(count, one) for one in shares_of_whole(s)]) / count


def clinical(s: Study) -> pl.DataFrame:
    draw, rows, once = s.draw, len(s.who), s.of_patients
    birads = 3 + 1.2 * s.label + 0.9 * draw.normal(size=rows)
    return pl.DataFrame(
        {
            "Age": once(lambda size: draw.normal(58, 10, size).round()),
            "BMI": once(lambda size: draw.normal(27, 4, size).round(1)),
            "menopausal": once(lambda size: draw.integers(0, 2, size)),
            "family history": once(lambda size: draw.choice(["yes", "no", "no", "no"], size)),
            "density": once(lambda size: draw.choice(list("abcd"), size)),
            "parity": once(lambda size: draw.poisson(1.8, size)),
            "size_mm": np.exp(draw.normal(2 + 0.4 * s.label, 0.5)).round(),
            "BI-RADS": birads.round().clip(1, 5),
            "thickness": draw.normal(55, 12, rows).round(),
            "side": draw.choice(["L", "R"], rows),
        }
    )


def acquired(s: Study) -> pl.DataFrame:
    draw, of, once = s.draw, s.site[s.who], s.of_patients
    return named(normal(s, 20)).with_columns(
        kVp=once(lambda size: draw.integers(28, 33, size)),
        mAs=once(lambda size: draw.normal(80, 20, size).round(1)),
        PixelSpacing=draw.choice([0.085, 0.1, 0.07], 5)[of],
        SliceThickness=pl.lit(1.0),
        DeviceSerialNumber=draw.integers(1000, 99999, 5)[of],
        Manufacturer=pl.Series(draw.choice(["Hologic", "Siemens", "GE"], 5)[of].tolist()),
    )


def remarked(s: Study) -> pl.DataFrame:
    draw, rows = s.draw, len(s.who)
    words = {
        "view": ["CC", "MLO"],
        "quadrant": ["UO", "UI", "LO", "LI", None],
        "remark": ["", "", "artefact", "clip", "implant", "good", "motion"],
    }
    texts = {
        k: pl.Series(draw.choice(np.array(v, object), rows).tolist()) for k, v in words.items()
    }
    paths = [f"/data/{'abc'[one % 3]}/{one:05d}.dcm" for one in draw.permutation(rows)]
    return named(normal(s, 20)).with_columns(path=pl.Series(paths), **texts)


def measured(s: Study, *, counted: bool = False) -> pl.DataFrame:
    """Return what is measured on an object in pixels: some follows from others."""
    draw, rows = s.draw, len(s.who)
    area = np.exp(draw.normal(1.8 + 0.4 * s.label, 0.7))
    area = np.maximum(draw.poisson(area), 1) if counted else area
    outline = np.maximum(4 * np.sqrt(area) + draw.poisson(1, rows), 4)
    outline = outline.round() if counted else outline
    found = {"area": area, "area_mm2": area * 0.0072, "outline": outline}
    found["width"] = wide = np.ceil(np.sqrt(area) + draw.poisson(0.5, rows))
    found |= {"height": np.ceil(area / wide), "compactness": 4 * np.pi * area / outline**2}
    found |= {} if counted else {"log area": np.log(area), "contrast": draw.normal(0.3, 0.1, rows)}
    return pl.DataFrame(found)


def radiomics(s: Study) -> pl.DataFrame:
    """Return first-order statistics of regions of whole numbers, under PyRadiomics' names."""
    found = []
    for label in s.label:
        scale = 30 * np.exp(s.draw.normal(0.2 * label, 0.3))
        grey = s.draw.gamma(4, scale, s.draw.integers(20, 200)).round()
        low, first, middle, third, high = np.percentile(grey, [10, 25, 50, 75, 90])
        share = np.bincount((grey // 25).astype(int)) / len(grey)
        share, about = share[share > 0], grey - grey.mean()
        found.append(
            {
                "Mean": grey.mean(), "Median": middle, "10Percentile": low, "90Percentile": high,
                "Minimum": grey.min(), "Maximum": grey.max(), "Range": np.ptp(grey),
                "InterquartileRange": third - first, "Variance": grey.var(),
                "Energy": (grey**2).sum(), "RootMeanSquared": np.sqrt((grey**2).mean()),
                "Skewness": (about**3).mean() / grey.std() ** 3,
                "Kurtosis": (about**4).mean() / grey.std() ** 4,
                "MeanAbsoluteDeviation": abs(about).mean(), "Uniformity": (share**2).sum(),
                "Entropy": -(share * np.log2(share)).sum(), "VoxelNum": len(grey),
                "MeshVolume": len(grey) * 0.0324,
            }
        )  # fmt: skip
    texture = named(np.exp(0.4 * normal(s, 60, axes=4)), "original_glcm_")
    first_order = pl.DataFrame(found).select(pl.all().name.prefix("original_firstorder_"))
    return pl.concat([first_order, texture], how="horizontal")


def named(found: Measured, prefix: str = "f") -> pl.DataFrame:
    """Return features as columns."""
    if isinstance(found, pl.DataFrame):
        return found
    return pl.DataFrame({f"{prefix}{k}": column for k, column in enumerate(found.T)})


A, SIGNED = pl.all(), pl.format("{} %", pl.all())
KINDS: dict[str, dict[str, Callable[[Study], Measured]]] = {
    "continuous": {
        "all digits": normal,
        "log-normal": lambda s: np.exp(1.2 * normal(s) + 2),
        "heavy tails": lambda s: normal(s) / np.sqrt(s.draw.chisquare(1.5, (len(s.who), 1))),
        "single precision": lambda s: normal(s).astype(np.float32).astype(float),
        "logarithms of counts": lambda s: np.log1p(np.exp(normal(s) + 2).round()),
        "three features": lambda s: rounded(s, normal(s, 3)),
        "many": lambda s: np.hstack([normal(s, 300, axes=9) for _ in range(3)])[:, :300],
    },
    "rounded": {
        "whole": lambda s: (100 * normal(s)).round(),
        "of two figures": lambda s: (5 * normal(s)).round(),
        "one decimal": lambda s: normal(s).round(1),
        "two decimals": lambda s: normal(s).round(2),
        "three decimals": lambda s: (0.3 * normal(s)).round(3),
        "log-normal": lambda s: rounded(s, np.exp(normal(s) + 2)),
        "tenths in other units": lambda s: normal(s, 60).round(1) / 3,
        "in two units": lambda s: np.hstack([x := rounded(s, normal(s, 20), 1), x / 10]),
    },
    "counts, shares, grades": {
        "counts": lambda s: s.draw.poisson(np.exp(0.5 * normal(s, 60) + 1)),
        "mostly none": lambda s: s.draw.poisson(np.exp(normal(s) - 2.5)),
        "zero-inflated": lambda s: np.where((x := normal(s)) > 0.3, np.exp(x), 0),
        "percent": lambda s: rounded(s, (110 * expit(1.5 * normal(s, 80)) - 5).clip(0, 100), 0, 2),
        "percent signs": lambda s: named((100 * expit(normal(s, 20))).round(1)).select(SIGNED),
        "shares": lambda s: rounded(s, (1.2 * expit(normal(s, 80)) - 0.1).clip(0, 1), 2),
        "shares of a whole": shares_of_whole,
        "shares of a whole, rounded": lambda s: shares_of_whole(s).round(3),
        "histograms": histogram,
        "grades": lambda s: (3 + normal(s, 30)).round().clip(1, 5),
        "grades and measures": lambda s: np.hstack(
            [(3 + normal(s, 20)).round().clip(1, 5), rounded(s, normal(s, 20), 1, 5)]
        ),
        "yes and no": lambda s: (normal(s, 60) > 0.5).astype(float),
    },
    "with gaps": {
        "anywhere": gappy,
        "by site": gaps_of_sites,
        "of whole patients": lambda s: rounded(s, gaps_of_patients(s), 1),
        "by a constant": lambda s: np.nan_to_num(gappy(s), nan=-1),
        "means of training": lambda s: s.fitted(SimpleImputer(), gappy(s)),
        "medians of training": lambda s: s.fitted(SimpleImputer(strategy="median"), gappy(s)),
        "neighbours in training": lambda s: s.fitted(KNNImputer(), gappy(s)),
    },
    "fitted on training": {
        "deviation": lambda s: s.fitted(StandardScaler(), normal(s)),
        "deviation, rounded": lambda s: s.fitted(StandardScaler(), normal(s)).round(3),
        "both ends": lambda s: s.fitted(MinMaxScaler(), normal(s)),
        "both ends, clipped": lambda s: s.fitted(MinMaxScaler(clip=True), normal(s)).round(3),
        "quartiles": lambda s: s.fitted(RobustScaler(), np.exp(normal(s))),
        "greatest size": lambda s: s.fitted(MaxAbsScaler(), np.exp(normal(s))),
        "ranks": lambda s: s.fitted(QuantileTransformer(n_quantiles=20), normal(s, 60)),
        "powers": lambda s: s.fitted(PowerTransformer(), np.exp(0.5 * normal(s, 12))),
        "axes": lambda s: s.fitted(PCA(3), normal(s, 80, axes=4)),
        "winsorised": lambda s: (x := np.exp(normal(s))).clip(
            *np.quantile(s.learnt(x), (0.02, 0.98), 0)
        ),
        "site by site": site_by_site,
        "mean label of sites": mean_label,
    },
    "of one patient": {
        "much alike": lambda s: normal(s, own=0.95),
        "one value": lambda s: rounded(s, normal(s, 40, own=1), 0, 8),
        "one value in other units": lambda s: normal(s, 20, own=1).round(1) / 3,
        "scaled by deviation": lambda s: s.within(normal(s, 40), (A - A.mean()) / A.std(ddof=0)),
        "scaled by ends": lambda s: s.within(normal(s, 40), (A - A.min()) / (A.max() - A.min())),
        "ranks": lambda s: s.within(normal(s, 40), A.rank() / pl.len()),
        "slices in order": slices,
    },
    "strong": {
        "AUROC 0.95": strong,
        "AUROC 0.95, rounded": lambda s: rounded(s, strong(s), 1, 3),
        "AUROC 0.95, log-normal": lambda s: np.exp(strong(s)),
        "a model's score": lambda s: np.c_[expit(2 * strong(s)[:, 0] - 3).round(3), normal(s, 20)],
    },
    "sheets of a study": {
        "clinical": clinical,
        "acquisition": acquired,
        "batches of sites": batches,
        "remarks and paths": remarked,
        "objects": measured,
        "objects in pixels": lambda s: measured(s, counted=True),
        "first order and texture": radiomics,
        "correlated": lambda s: normal(s, axes=5),
        "correlated, rounded": lambda s: rounded(s, normal(s, axes=5), 1, 3),
        "activations of a network": lambda s: (normal(s, axes=9) - 1).clip(0),
        "positions": lambda s: np.c_[
            s.draw.integers(0, 1500, (len(s.who), 2)), normal(s, 20).round(3)
        ],
        "one row each": lambda s: normal(s, 60),
    },
    "made for training": {
        "repeated": lambda s: normal(s, 60),
        "between two": lambda s: normal(s, 60),
        "jittered": lambda s: normal(s, 60),
    },
}
"""What is measured, by family and kind."""


def clean_table(family: str, kind: str, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """Return a table, its split (None: in the table), and what `audit_table` is told besides."""
    draw = np.random.default_rng([seed, zlib.crc32(f"{family}, {kind}".encode())])
    slow = kind in ("many", "neighbours in training", "first order and texture")
    each, fewest = 1 if kind == "one row each" else 50, 5 if kind.startswith("scaled by") else 1
    s = study(draw, each=each, rows=600 if slow else 1200, fewest=fewest)
    return written(s, named(KINDS[family][kind](s)), kind if family == "made for training" else "")
