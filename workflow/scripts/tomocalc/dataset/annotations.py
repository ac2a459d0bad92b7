"""From the lines of an annotation sheet to findings: in their place, each counted once."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.cells import LINE
from tomocalc.config import SCHEMAS, load_schema
from tomocalc.dataset.masks import placed
from tomocalc.dataset.places import centre, extent, misfit
from tomocalc.sections import Finding
from tomocalc.sheets import read_annotations

SCHEMA = SCHEMAS / "annotations.schema.yaml"
NEIGHBOURING = 2
"""Slices at most between two lines of one finding: every slice or every other one is outlined."""
FAR = 10
"""Slices at most between two lines that are copies, the outline of some slices being left out."""
AGAIN_PX = 1.0
"""Distance of two centres on one slice within which a finding is told twice."""
SAME_PX = 3.0
"""Distance of two centres, in pixels along each axis, within which a hand marks one place."""
SAME_SHARE = 0.25
"""The same, as a share of the smaller of two extents."""


def findings_of(rows: Iterable[Finding], volumes: Iterable[VolumeManifest]) -> list[Finding]:
    """Return one row per finding, in the order of the sheet.

    Where an annotator has outlined a finding on every slice that shows it, its lines are one
    finding: lines of one volume and kind on neighbouring slices whose centres agree, and lines of
    one slice whose centres are the same to the pixel. So are a point and the outline around it,
    and copies of one shape up to `FAR` slices apart. Counted line by line they would be many
    findings, and intervals too narrow.

    Parameters
    ----------
    rows
        Lines of the sheet.
    volumes
        Manifests of all volumes that they name.

    Returns
    -------
    list of Finding
        As `placed` returns them. A finding of several lines is its middle one, with the others
        as ``parts``; its candidates may lie in any of them.
    """
    lines = placed(rows, volumes)
    chains: defaultdict[tuple[Any, ...], list[list[Finding]]] = defaultdict(list)
    for row in sorted(lines, key=lambda row: -1 if row["slice"] is None else row["slice"]):
        group = chains[row["volume_id"], row["kind"]]
        near = [chain for chain in group if _continues(chain[-1], row)]
        if near:
            chain = min(near, key=lambda chain: math.dist(centre(chain[-1]), centre(row)))
            _check_outcome(chain, row)
            chain.append(row)
        else:
            group.append([row])
    order = {id(row): number for number, row in enumerate(lines)}
    whole = [chain for group in chains.values() for chain in group]
    return [_joined(chain) for chain in sorted(whole, key=lambda c: min(order[id(r)] for r in c))]


def read_findings(
    path: str,
    volumes: Sequence[VolumeManifest],
    *,
    others: bool = False,
    data_root: str | None = None,
) -> list[Finding]:
    """Return the findings of an annotation sheet, as `findings_of` does.

    Parameters
    ----------
    path
        The sheet.
    volumes
        That it may name.
    others
        Whether findings of other kinds are wanted, instead of calcifications and clusters.
    data_root
        Folder that its masks are in, or None.

    Raises
    ------
    TomocalcError
        As `tomocalc.sheets.read_annotations`.
    """
    names = [volume.volume_id for volume in volumes]
    rows = read_annotations(path, load_schema(SCHEMA), names, others=others, data_root=data_root)
    return findings_of(rows, volumes)


def own_lines(
    path: str | None, data_root: str | None, names: Sequence[str] | None = None
) -> list[Finding]:
    """Return the lines of the user's own sheet, of all kinds; none where there is no sheet.

    They may name the volumes *names*, or any.
    """
    if path is None:
        return []
    return read_annotations(path, load_schema(SCHEMA), names, others=None, data_root=data_root)


def _joined(chain: list[Finding]) -> Finding:
    middle = chain[(len(chain) - 1) // 2]
    if len(chain) == 1:
        return middle
    said = next((row["pathology"] for row in chain if row.get("pathology")), None)
    parts = [row for row in chain if row is not middle]
    return {**middle, "pathology": said, "parts": parts}


def _check_outcome(chain: Sequence[Finding], row: Finding) -> None:
    """Refuse a finding of which two lines tell two outcomes."""
    for other in chain:
        if len({row.get("pathology"), other.get("pathology")} - {None}) > 1:
            raise misfit(
                f"annotation sheet, line {row[LINE]}",
                f"it outlines what line {other[LINE]} does, with another pathology",
                "give one finding one outcome, or delete the line that is wrong",
            )


def _continues(last: Finding, row: Finding) -> bool:
    """Return whether *row* outlines what *last* outlines: on a slice behind, or once more."""
    extents = [extent(one) for one in (last, row)]
    before, index = last["slice"], row["slice"]
    if before is None or index is None or before == index:
        # a point lies anywhere in its outline; of two outlines the centres are the same
        point = (0.0, 0.0) in extents and row["kind"] == "calcification"
        reach = [max(AGAIN_PX, max(pair) / 2 * point) for pair in zip(*extents, strict=True)]
    elif index - before <= NEIGHBOURING:
        reach = [max(SAME_PX, SAME_SHARE * min(pair)) for pair in zip(*extents, strict=True)]
    elif index - before <= FAR and extents[0] == extents[1]:
        reach = [0.0, 0.0]
    else:
        return False
    apart = zip(centre(last), centre(row), reach, strict=True)
    return all(abs(here - there) <= limit for here, there, limit in apart)
