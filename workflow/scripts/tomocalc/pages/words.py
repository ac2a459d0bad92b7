"""Numbers and words as a reader gets them: the one vocabulary of all pages."""

import importlib.metadata
import json
import math
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tomocalc.accounts.leakage import LeakageAccount, SplitAccount, SplitAudit
from tomocalc.accounts.prediction import ClusterRule
from tomocalc.accounts.quality import QualityAccount
from tomocalc.tables import MEASURED, READER, names

MISSING = "–"
PERCENT = "\N{NO-BREAK SPACE}%"

BADGES = {"phantom": "in-silico phantom", "inserted": "simulated calcifications"}

CLASSES = {0: "others", 1: "calcifications"}
"""How the two labels are called on pages."""

PARTS = {"test": "test", "validation": "validation", "train": "training"}
"""How the parts of the split are called, the one that counts first."""

SOURCES = {
    "phantom": "in-silico phantom volumes",
    "volumes": "tomosynthesis volumes",
    "inserted": "tomosynthesis volumes with simulated calcifications put in",
    "table": "a feature table",
}

PROTOCOLS = {
    "honest": "honest: split by patient or, where none are named, by equal features; nothing "
    "is fitted on the test part",
    "paper": "paper: oversampled before the split, kept to reproduce; it leaks",
}

PROTOCOL_NAMES = {"honest": "honest protocol", "paper": "paper's protocol", "own": "your own split"}
"""How the ways of splitting are called in tables and charts."""

NO_FINDINGS = {
    "calcifications": "No single calcification is annotated in the test part.",
    "clusters": "There is no annotated cluster in the test part.",
}

UNTUNED = "not tuned: the trials were scored on candidates or patients of this test part"
"""Of an LSTM that the tuning's choice would know the answers of."""


def written(value: float | None, form: str = "number") -> str:
    """Return *value* in one of the forms of `Column`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if form == "count":
        return count(value)
    if form == "share":
        return share(value)
    return _score(value) if form == "score" else number(value)


def _score(value: float) -> str:
    """Return a score with three decimals; none is rounded to 0 or 1 that is not."""
    size, sign = abs(value), "−" if value < 0 else ""
    if 0 < size < 0.00001:
        return "> −0.00001" if sign else "< 0.00001"
    if size < 0.0005 and size:
        return f"{sign}{size:.{2 - math.floor(math.log10(size))}f}"
    if 0.9995 <= size < 1:
        return f"{sign}{size:.4f}" if size < 0.99995 else f"{'< −' if sign else '> '}0.9999"
    return f"{sign}{size:.3f}"


def number(value: float, digits: int = 4) -> str:
    """Return *value* with *digits* significant digits; a true minus, thousands apart.

    A value that has fewer digits is written with those: 0.05 is no measured 0.05000.
    """
    size = abs(value)
    if float(size).is_integer() and size < 1e7:
        text = f"{size:,.0f}"
    else:
        mantissa, power = f"{size:.{digits - 1}e}".split("e")
        exponent = int(power)  # of the rounded number, which may have one digit more
        if -4 <= exponent < 7:
            text = f"{size:,.{max(0, digits - 1 - exponent)}f}"
            if "." in text and math.isclose(float(text.replace(",", "")), size, rel_tol=1e-6):
                text = text.rstrip("0")
        else:
            text = f"{mantissa}e{str(exponent).replace('-', '−')}"
    return f"−{text}" if value < 0 else text


def count(value: float) -> str:
    """Return a whole number with thousands apart; halves are rounded up, as browsers do."""
    return f"{math.floor(value + 0.5):,}".replace("-", "−")


def share(value: float) -> str:
    """Return a share of 0..1 as percent; nothing is rounded to 0 % or 100 % that is not."""
    percent = 100 * value
    if percent in (0.0, 100.0):
        return f"{percent:.0f}{PERCENT}"
    if percent < 0.01:
        return f"< 0.01{PERCENT}"
    if percent > 99.99:
        return f"> 99.99{PERCENT}"
    return f"{percent:.{2 if percent < 10 or percent > 99 else 1}f}{PERCENT}"


def signed(value: float) -> str:
    """Return a difference of scores with its sign, a true minus; a small one keeps a digit."""
    if 0 < abs(value) < 0.0005:
        if abs(value) < 0.00001:
            return "> −0.00001" if value < 0 else "< +0.00001"
        digit = -math.floor(math.log10(abs(value)))
        return f"{value:+.{digit}f}".replace("-", "−")
    return f"{value:+.3f}".replace("-", "−")


def under(protocol: str) -> str:
    """Return a protocol as it stands in a sentence: ``the paper's protocol``."""
    name = PROTOCOL_NAMES[protocol]
    return name if protocol == "own" else f"the {name}"


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of Python and of each installed package."""
    found = {"Python": platform.python_version()}
    return found | {package: importlib.metadata.version(package) for package in packages}


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 volume``, ``24 volumes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def without_candidate(quality: QualityAccount, key: str) -> str:
    """Return how many of the measured volumes, patients or sites (*key*) have none; else empty."""
    bare = getattr(quality, key) - getattr(quality, f"{key}_with_candidate")
    return f"{bare:,} of them without a candidate" if bare else ""


def counted(quality: QualityAccount, key: str) -> str:
    """Return the number of measured volumes and the like (*key*): ``16, 2 of them without …``."""
    bare = without_candidate(quality, key)
    number = f"{getattr(quality, key):,}"
    return f"{number}, {bare}" if bare else number


def cohort(quality: QualityAccount) -> str:
    """Return the measured volumes: ``16 volumes (2 of them without a candidate) of 8 patients``."""
    bare = without_candidate(quality, "volumes")
    text = plural(quality.volumes, "volume") + (f" ({bare})" if bare else "")
    return f"{text} of {plural(quality.patients, 'patient')}" if quality.patients else text


def pretty(name: str) -> str:
    """Return a column's name for a reader: ``gray_level`` is gray level."""
    return name.replace("_", " ").replace("mm2", "mm²")


def explained(name: str) -> str:
    """Return what a feature means; empty for a column that is no feature."""
    return MEANING.get(name, ("", ""))[1]


def unit_of(name: str) -> str:
    """Return the unit of a feature; empty when it has none."""
    return MEANING.get(name, ("", ""))[0]


def with_unit(name: str, source: str) -> str:
    """Return a feature's name with its unit; a table's own columns may have any unit."""
    unit = "" if source == "table" else unit_of(name)
    return f"{pretty(name).removesuffix(f' {unit}')} ({unit})" if unit else pretty(name)


OPINIONS = names(READER)
"""Features that are no measurement."""
MEANING = {column.name: (column.unit, column.meaning) for column in MEASURED + READER}


def score(value: float | None) -> str:
    """Return a figure of merit or a probability with three decimals."""
    return written(value, "score")


def published(value: float | None) -> str:
    """Return an accuracy with the digits that a publication gives, two at least."""
    if value is None:
        return MISSING
    text = f"{value:.4f}".rstrip("0")
    return text.ljust(4, "0")


def parameters(text: str | None) -> str:
    """Return the JSON of chosen parameters as it is read: ``C 0.697, units 64-32``."""
    return _said(json.loads(text)) if text else ""


def _said(value: Any) -> str:
    if isinstance(value, dict):
        marks = [": " if isinstance(item, dict) else " " for item in value.values()]
        return ", ".join(
            f"{key}{mark}{_said(item)}"
            for mark, (key, item) in zip(marks, value.items(), strict=True)
        )
    if isinstance(value, list):
        return "-".join(map(_said, value))
    return number(value, 3) if isinstance(value, float) else "none" if value is None else str(value)


def first_up(text: str) -> str:
    """Return *text* with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


def density(rule: ClusterRule) -> str:
    """Return the rule that forms clusters: ``at least 3 within 10 mm``."""
    return f"at least {rule.calcifications} within {rule.distance_mm:g} mm"


def counted_clusters(count: int, formed: int, rule: ClusterRule) -> str:
    """Return how many clusters there are to find, and which of them the sheet does not name."""
    how = f"formed from annotated calcifications ({density(rule)})"
    if formed == count:
        return f"{plural(count, 'cluster')} {how}"
    text = plural(count, "annotated cluster")
    return f"{text}, {formed:,} of them {how}" if formed else text


@dataclass(frozen=True)
class Ruling:
    """How one level of the verdict is said, and the tone that colours it."""

    word: str
    grounds: str
    tone: str

    @property
    def title(self) -> str:
        """The verdict in one line."""
        return f"{self.word.capitalize()}: {self.grounds}"


RULINGS = {
    "clean": Ruling("clean", "the model has learnt nothing from the test part", "good"),
    "caution": Ruling("take care", "no leak was found, but read the reasons", "unknown"),
    "leaks": Ruling(
        "leaks",
        "part of the test data was used in training, so the figures do not hold for new patients",
        "bad",
    ),
}
"""By the level that ``leakage.json`` names."""


def audit_of(split: SplitAccount, audit: LeakageAccount | None) -> SplitAudit:
    """Return what was found of a run's protocol: by the leakage audit where there is one."""
    return (audit.protocols.get(split.protocol) if audit else None) or split.audit


def p_value(p: float | None) -> str:
    """Return a p-value as text: ``0.021``, ``< 0.001``."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
