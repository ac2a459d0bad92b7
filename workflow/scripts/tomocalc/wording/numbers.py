"""Numbers as a reader gets them: digits, thousands, percent, true minus signs."""

from __future__ import annotations

import math

MISSING = "–"
PERCENT = "\N{NO-BREAK SPACE}%"


def written(value: float | None, form: str = "number") -> str:
    """Return *value* in one of the forms of `Column`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if form == "count":
        return count(value)
    if form == "share":
        return share(value)
    if form == "score":
        return f"{value:.3f}"
    return number(value)


def number(value: float, digits: int = 4) -> str:
    """Return *value* with *digits* significant digits; a true minus, thousands apart."""
    size = abs(value)
    if float(size).is_integer() and size < 1e7:
        text = f"{size:,.0f}"
    else:
        mantissa, power = f"{size:.{digits - 1}e}".split("e")
        exponent = int(power)  # of the rounded number, which may have one digit more
        if -4 <= exponent < 7:
            text = f"{size:,.{max(0, digits - 1 - exponent)}f}"
        else:
            text = f"{mantissa}e{str(exponent).replace('-', '−')}"
    return f"−{text}" if value < 0 else text


def count(value: float) -> str:
    """Return a whole number with thousands apart."""
    return f"{round(value):,}".replace("-", "−")


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
    """Return a difference of scores with its sign, a true minus."""
    return f"{value:+.3f}".replace("-", "−")
