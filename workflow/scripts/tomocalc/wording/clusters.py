"""Where the clusters that are counted come from, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tomocalc.wording.words import plural


def density(rule: Mapping[str, Any]) -> str:
    """Return the rule that forms clusters: ``at least 3 within 10 mm``."""
    return f"at least {rule['calcifications']} within {rule['distance_mm']:g} mm"


def counted_clusters(count: int, formed: int, rule: Mapping[str, Any]) -> str:
    """Return how many clusters there are to find, and which of them the sheet does not name."""
    how = f"formed from annotated calcifications ({density(rule)})"
    if formed == count:
        return f"{plural(count, 'cluster')} {how}"
    text = plural(count, "annotated cluster")
    return f"{text}, {formed:,} of them {how}" if formed else text
