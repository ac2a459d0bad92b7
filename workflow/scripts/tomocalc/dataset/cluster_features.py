"""What a cluster looks like: formulas of all features, from the places and looks of its members.

Each is a function of the members' places in mm or of one of their features, so that it can be
checked by hand; `cluster_features` puts them together. Sources: number, density, distances and
spread of the members, Kallergi, Med. Phys. 31 (2004), p. 314; distances along the minimum spanning
tree, Chen et al., IEEE Trans. Biomed. Eng. 62 (2015), p. 1203; linearity from the axes of the
scatter, as of an ellipse of equal second moments.
"""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist, squareform

from tomocalc.tables import TEXTURE, names

Floats = NDArray[np.float64]


def cluster_features(members: pl.DataFrame, places_mm: Floats) -> dict[str, float | None]:
    """Return the features `tomocalc.tables.CLUSTER_FEATURES` of one cluster.

    Parameters
    ----------
    members
        One row per member, its features at best focus.
    places_mm
        (member, axis): row, column and depth.
    """
    plane = places_mm[:, :2]
    area, perimeter = hull(plane)
    apart = nearest(places_mm)
    edges = tree_edges(places_mm)
    linear, angle = axes(plane)
    covered = float(members["area_mm2"].to_numpy().astype(np.float64).sum())
    size = np.log(members["area_mm2"].to_numpy().astype(np.float64))
    shape, contrast, elongated = (
        members[name].to_numpy().astype(np.float64)
        for name in ("shape_descriptor", "contrast_to_noise", "eccentricity")
    )
    extent = widest(plane)
    return {
        "cluster_members": float(len(places_mm)),
        "cluster_extent_mm": extent,
        "cluster_depth_mm": float(np.ptp(places_mm[:, 2])),
        "cluster_density": len(places_mm) / (math.pi * (extent / 20) ** 2) if extent else 0.0,
        "nearest_mean_mm": float(apart.mean()),
        "nearest_spread_mm": float(apart.std()),
        "tree_mean_mm": float(edges.mean()),
        "tree_spread_mm": float(edges.std()),
        "tree_longest_mm": float(edges.max()),
        "hull_area_mm2": area,
        "hull_roundness": 4 * math.pi * area / perimeter**2 if perimeter else 0.0,
        "hull_solidity": covered / area if area else 0.0,
        "cluster_linearity": linear,
        "cluster_angle_deg": angle,
        "member_area_mm2": math.exp(float(size.mean())),
        "member_eccentricity": float(elongated.mean()),
        "member_contrast": float(contrast.mean()),
        "spread_area": float(size.std()),
        "spread_shape": float(shape.std()),
        "spread_eccentricity": float(elongated.std()),
        "spread_contrast": float(contrast.std()),
        **{f"cluster_{name}": _mean(members[name]) for name in names(TEXTURE)},
    }


def _mean(values: pl.Series) -> float | None:
    """Return the mean over members; None of what is not measured."""
    return None if values.null_count() else float(values.to_numpy().astype(np.float64).mean())


def widest(plane_mm: Floats) -> float:
    """Return the largest distance of two points, in mm; 0 of one point."""
    return float(pdist(plane_mm).max(initial=0.0))


def nearest(places_mm: Floats) -> Floats:
    """Return every point's distance to its nearest other one, in mm; 0 of one point."""
    if len(places_mm) < 2:
        return np.zeros(1)
    apart = squareform(pdist(places_mm))
    np.fill_diagonal(apart, np.inf)
    return apart.min(axis=1)


def tree_edges(places_mm: Floats) -> Floats:
    """Return the lengths of the minimum spanning tree's edges, in mm; 0 of one point.

    The tree is the shortest net that holds all points together: along a duct its edges are even
    and its course is the duct's.
    """
    apart = squareform(pdist(places_mm))
    # the sparse graph takes 0 for no edge: points of one place are a hair apart
    edges = minimum_spanning_tree(np.maximum(apart, 1e-6)).data
    return edges if edges.size else np.zeros(1)


def hull(plane_mm: Floats) -> tuple[float, float]:
    """Return area in mm² and perimeter in mm of the convex hull; 0 and 0 of points on a line."""
    try:
        found = ConvexHull(plane_mm)
    except (QhullError, ValueError):  # fewer than three points, or all on one line
        return 0.0, 0.0
    return float(found.volume), float(found.area)  # in two dimensions these are area, perimeter


def axes(plane_mm: Floats) -> tuple[float, float]:
    """Return how linear a scatter is, and the angle of its long axis to the columns' direction.

    Linearity is 1 − √(λ₂ / λ₁) of the variances along the axes: 0 round, 1 a line. Image columns
    run from the chest wall to the nipple, so 0° points towards it and 90° lies across.

    Parameters
    ----------
    plane_mm
        (point, axis): row, column.
    """
    if len(plane_mm) < 2:
        return 0.0, 0.0
    variance, axis = np.linalg.eigh(np.cov(plane_mm.T))  # ascending
    if variance[1] <= 0:
        return 0.0, 0.0
    linear = 1 - math.sqrt(max(float(variance[0]), 0.0) / float(variance[1]))
    return linear, math.degrees(math.acos(min(abs(float(axis[1, 1])), 1.0)))
