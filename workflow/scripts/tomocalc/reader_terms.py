"""What a radiologist calls a cluster, as numbers: the terms of BI-RADS in the order of suspicion.

They are an opinion, not a measurement: a model that reads them judges images and reader together.
The order is that of the shares that were malignant: ACR BI-RADS Atlas, Mammography, 5th ed. (2013).
Only what Snakemake itself needs is imported here: sheets are checked while it plans.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from tomocalc.cells import LINE, Row, row_error
from tomocalc.errors import TomocalcError, fault

MORPHOLOGY = {
    0: "skin, vascular, coarse, popcorn, coarse or popcorn like, large rod like, large rodlike, "
    "round, round and regular, punctate, rim, eggshell, lucent center, lucent centered, "
    "dystrophic, milk of calcium, suture",
    1: "coarse heterogeneous",
    2: "amorphous",
    3: "fine pleomorphic, pleomorphic",
    4: "fine linear, fine linear branching, fine linear or fine linear branching",
}
"""Typically benign, then 13, 21, 29 and 70 % malignant; round and punctate belong to the first."""
DISTRIBUTION = {
    0: "diffuse, scattered, diffusely scattered",
    1: "regional",
    2: "grouped, clustered, grouped or clustered",
    3: "linear",
    4: "segmental",
}
"""0, 26, 31, 60 and 62 % malignant; CBIS-DDSM's words, of the 4th edition, are known too."""
ASSESSMENT = {1: "1", 2: "2", 3: "3", 4: "4a", 5: "4, 4b", 6: "4c", 7: "5"}
"""An undivided 4 stands in its middle. A 0 is no opinion yet; a 6 is the outcome, and refused."""


def _ranks(order: Mapping[int, str]) -> dict[str, float]:
    return {term: float(rank) for rank, terms in order.items() for term in terms.split(", ")}


TERMS = {
    "reader_morphology": ("morphology", _ranks(MORPHOLOGY)),
    "reader_distribution": ("distribution", _ranks(DISTRIBUTION)),
    "reader_birads": ("birads", _ranks(ASSESSMENT)),
}
"""Column of the annotations and rank of every term, by the name of the feature."""


def rank_of(feature: str, text: str) -> float | None:
    """Return the rank of a cell; of several terms, joined by ``-``, ``/`` or ``;``, the highest.

    None where there is no opinion: of an empty cell, and of an assessment of 0.

    Raises
    ------
    ValueError
        Saying why the cell is none of the terms.

    >>> rank_of("reader_morphology", "AMORPHOUS-PLEOMORPHIC"), rank_of("reader_birads", "4.0")
    (3.0, 5.0)
    """
    ranks = TERMS[feature][1]
    if not text.strip():
        return None
    if feature == "reader_birads":
        plain = re.sub(r"^(bi-?rads )?(category )?|\.0$", "", _plain(text))
        if plain == "0":
            return None
        if plain == "6":
            raise ValueError("6 is a known malignancy: the outcome, no opinion")
        parts = [plain]
    else:
        whole = _plain(text.replace("-", " "))
        parts = [whole] if whole in ranks else [_plain(part) for part in re.split("[-/;]", text)]
    unknown = [part for part in parts if part not in ranks]
    if unknown:
        raise ValueError(f"`{unknown[0][:40]}` is no term that is known")
    return max(ranks[part] for part in parts)


def remedy(feature: str) -> str:
    """Return what mends a cell that holds another word."""
    return f"leave it empty, or use one of: {', '.join(TERMS[feature][1])}"


def mistaken_terms(path: str, rows: Iterable[Row]) -> Iterator[tuple[int, str, TomocalcError]]:
    """Name the cells of an annotation sheet that hold no term, for `tomocalc.cells.together`."""
    for row in rows:
        for feature, (column, _) in TERMS.items():
            try:
                rank_of(feature, str(row.get(column) or ""))
            except ValueError as error:
                where = f"{path}:{row[LINE]}, column {column}"
                yield row[LINE], str(error), row_error(where, str(error), remedy(feature))


def missing_opinions(
    findings: Iterable[Row], features: Iterable[str], where: str
) -> Iterator[TomocalcError]:
    """Name the *features* of a reader's terms that no finding has: ``E304``."""
    rows = list(findings)
    for name, (column, _) in TERMS.items():
        if name in features and not any(row[column] for row in rows):
            why = f"`features` names {name}, and none of {len(rows)} findings has it"
            yield fault("no_opinion", f"{where}, column {column}", why, feature=name)


def opinion_on(findings: Iterable[Mapping[str, object]]) -> dict[str, float | None]:
    """Return the features of a cluster by what its findings are called, the most suspicious."""
    rows = list(findings)
    found: dict[str, float | None] = {}
    for feature, (column, _) in TERMS.items():
        ranks = [rank_of(feature, str(row.get(column) or "")) for row in rows]
        found[feature] = max((rank for rank in ranks if rank is not None), default=None)
    return found


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
