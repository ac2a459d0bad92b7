"""Which slices around its best focus a candidate's sequence covers: measured and read alike."""

from __future__ import annotations


def slices_above(length: int) -> int:
    """Return how many of a sequence's *length* slices come before the one of best focus.

    Of an even length, one more comes before it than after it.
    """
    return length // 2
