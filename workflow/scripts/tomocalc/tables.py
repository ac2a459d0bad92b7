"""The columns of every table: name, dtype, unit, meaning. One table, one schema, one place."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

SCHEMA_VERSION = 1
"""Raised when a column changes; shards of another version are refused."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str


def _columns(*rows: tuple[str, type[pl.DataType], str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, dtype(), unit, meaning) for name, dtype, unit, meaning in rows)


KEYS = _columns(
    ("volume_id", pl.String, "", "volume, as in the sheet"),
    ("candidate_id", pl.Int32, "", "candidate in depth, numbered within its volume"),
    ("slice", pl.Int32, "", "index of the slice in its volume, from 0"),
)

PLACE = _columns(
    ("patient_id", pl.String, "", "patient, as in the sheet"),
    ("detected", pl.Boolean, "", "false where the mask was measured without an own object"),
    ("focus", pl.Boolean, "", "true on the candidate's slice of best focus"),
    ("centroid_row", pl.Float32, "px", "centre of mass, row"),
    ("centroid_col", pl.Float32, "px", "centre of mass, column"),
    ("bbox_top", pl.Int32, "px", "bounding box, first row"),
    ("bbox_left", pl.Int32, "px", "bounding box, first column"),
    ("bbox_bottom", pl.Int32, "px", "bounding box, one past the last row"),
    ("bbox_right", pl.Int32, "px", "bounding box, one past the last column"),
    ("row_mm", pl.Float32, "mm", "centre of mass along rows, from the image's first row"),
    ("col_mm", pl.Float32, "mm", "centre of mass along columns, from the image's first column"),
    ("qc_flag", pl.String, "", "ok, or why the row deserves a look"),
)

FEATURES = _columns(
    ("area", pl.Float32, "px", "pixels of the object"),
    ("area_mm2", pl.Float32, "mm²", "area of the object"),
    ("gray_level", pl.Float32, "grey", "mean of the object"),
    ("gradient_strength", pl.Float32, "grey/px", "mean Sobel magnitude on the perimeter pixels"),
    ("gradient_region", pl.Float32, "grey/px", "mean Sobel magnitude over the object"),
    ("noise_fluctuation", pl.Float32, "grey", "standard deviation inside the object"),
    ("contrast", pl.Float32, "grey", "mean of the object minus mean of its two-pixel border"),
    ("contrast_range", pl.Float32, "grey", "largest minus smallest value of the object"),
    ("shape_descriptor", pl.Float32, "", "Hu's first invariant of the binary object"),
    ("variance_row", pl.Float32, "px²", "variance of the object's pixels along rows"),
    ("variance_col", pl.Float32, "px²", "variance of the object's pixels along columns"),
    ("eccentricity", pl.Float32, "", "eccentricity of the ellipse of equal second moments"),
    ("contrast_to_noise", pl.Float32, "", "contrast over the standard deviation of the border"),
    ("blob_scale", pl.Float32, "mm", "scale of the strongest difference-of-Gaussians response"),
    ("skin_distance", pl.Float32, "mm", "distance of the centre to the edge of the breast"),
    ("neighbours", pl.Float32, "", "other candidates of the slice within 5 mm"),
    ("slices_spanned", pl.Float32, "", "slices on which the candidate has an own object"),
    ("focus_offset", pl.Float32, "mm", "depth of this slice relative to the best focus"),
)

TEXTURE = _columns(
    (
        "texture_contrast",
        pl.Float32,
        "",
        "mean squared difference of neighbouring levels around the object",
    ),
    ("texture_correlation", pl.Float32, "", "correlation of neighbouring levels"),
    ("texture_entropy", pl.Float32, "bit", "entropy of the pairs of neighbouring levels"),
    ("texture_uniformity", pl.Float32, "", "angular second moment of these pairs"),
    ("texture_homogeneity", pl.Float32, "", "inverse difference moment of these pairs"),
    ("texture_shade", pl.Float32, "", "skewness of the sum of neighbouring levels (cluster shade)"),
    ("texture_wavelet_1", pl.Float32, "grey", "strength of details of one pixel around the object"),
    ("texture_wavelet_2", pl.Float32, "grey", "strength of details of two pixels"),
    ("texture_wavelet_3", pl.Float32, "grey", "strength of details of four pixels"),
)
"""Of the 3.2 mm around the object, with `image.texture`; else null."""

MEMBER = _columns(
    ("member_id", pl.Int32, "", "candidate that a member of a cluster is, in its volume"),
    ("member_slice", pl.Int32, "", "its slice of best focus, from 0"),
)
"""Where a row is a member of a cluster: candidate_id is the cluster, slice the member's rank."""

CLUSTER_FEATURES = _columns(
    ("centre_distance_mm", pl.Float32, "mm", "distance of a member to the centre of its cluster"),
    ("cluster_members", pl.Float32, "", "members of the cluster"),
    ("cluster_extent_mm", pl.Float32, "mm", "largest distance of two members in the slice plane"),
    ("cluster_depth_mm", pl.Float32, "mm", "depth from the first to the last member"),
    ("cluster_density", pl.Float32, "1/cm²", "members per area of a disc as wide as the cluster"),
    ("nearest_mean_mm", pl.Float32, "mm", "mean distance of a member to its nearest other"),
    ("nearest_spread_mm", pl.Float32, "mm", "standard deviation of these distances"),
    ("tree_mean_mm", pl.Float32, "mm", "mean edge of the members' minimum spanning tree"),
    ("tree_spread_mm", pl.Float32, "mm", "standard deviation of these edges"),
    ("tree_longest_mm", pl.Float32, "mm", "longest of these edges"),
    ("hull_area_mm2", pl.Float32, "mm²", "area of the members' convex hull in the slice plane"),
    ("hull_roundness", pl.Float32, "", "4π · area / perimeter² of the hull, 1 of a disc"),
    ("hull_solidity", pl.Float32, "", "area of the members over that of the hull; 0 on a line"),
    ("cluster_linearity", pl.Float32, "", "1 − √(λ₂ / λ₁) of the members' scatter, 1 of a line"),
    ("cluster_angle_deg", pl.Float32, "°", "its long axis against the way to the nipple, 0 to 90"),
    ("member_area_mm2", pl.Float32, "mm²", "geometric mean of the members' areas"),
    ("member_eccentricity", pl.Float32, "", "mean eccentricity of the members"),
    ("member_contrast", pl.Float32, "", "mean contrast to noise of the members"),
    ("spread_area", pl.Float32, "", "standard deviation of the logarithm of the members' areas"),
    ("spread_shape", pl.Float32, "", "standard deviation of the members' shape descriptor"),
    ("spread_eccentricity", pl.Float32, "", "standard deviation of the members' eccentricity"),
    ("spread_contrast", pl.Float32, "", "standard deviation of the members' contrast to noise"),
    *(
        (f"cluster_{column.name}", pl.Float32, column.unit, f"mean of the members' {column.name}")
        for column in TEXTURE
    ),
)
"""Of a cluster, equal on all rows of its members, but for the distance to the centre."""

READER = _columns(
    ("reader_morphology", pl.Float32, "", "a reader's opinion: shape of the members, 0 to 4"),
    ("reader_distribution", pl.Float32, "", "a reader's opinion: how they lie together, 0 to 4"),
    ("reader_birads", pl.Float32, "", "a reader's opinion: BI-RADS assessment, 1 to 7"),
)
"""Terms of the annotations in the order of suspicion (`tomocalc.reader_terms`), else null."""

MEASURED = FEATURES + TEXTURE + CLUSTER_FEATURES
"""All features that are measured on images."""

SHARD = KEYS + PLACE + FEATURES + TEXTURE
"""One row per candidate and slice, sorted by ``candidate_id``; one file per slice."""

LABELS = _columns(
    ("site", pl.String, "", "site, as in the sheet; empty when unknown"),
    ("label", pl.Int8, "", "1 for a calcification, 0 for none"),
    ("finding_id", pl.Int32, "", "row of the annotation sheet that gave the label, from 0"),
)

PAPER_FEATURES = (
    "area",
    "gray_level",
    "gradient_strength",
    "noise_fluctuation",
    "contrast",
    "shape_descriptor",
)
"""The six features of the reference paper, in its order."""


def own_columns(features: Iterable[str]) -> tuple[Column, ...]:
    """Return columns for those of *features* that are not always measured, or come with a table."""
    known, some = set(names(FEATURES)), {column.name: column for column in TEXTURE + READER}
    own = (name for name in features if name not in known)
    return tuple(
        some.get(name) or Column(name, pl.Float32(), "", "as in the table") for name in own
    )


def schema(columns: tuple[Column, ...]) -> dict[str, pl.DataType]:
    """Return the polars schema of *columns*."""
    return {column.name: column.dtype for column in columns}


def names(columns: tuple[Column, ...]) -> list[str]:
    """Return the names of *columns*."""
    return [column.name for column in columns]


def empty(columns: tuple[Column, ...]) -> pl.DataFrame:
    """Return a frame of zero rows with every column and its dtype."""
    return pl.DataFrame(schema=schema(columns))


def slices_above(length: int) -> int:
    """Return how many of a sequence's *length* slices come before the one of best focus.

    Of an even length, one more comes before it than after it. Measured and read alike.
    """
    return length // 2
