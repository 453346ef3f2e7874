"""How numbers are written, everywhere alike."""

from __future__ import annotations

import math

from crossphase.results.separation import Interval

__all__ = ["counted", "interval", "number", "p_value", "percent", "probability", "signed"]

UNKNOWN = "–"


def number(value: float, digits: int = 2) -> str:
    """A number with `digits` decimals; fewer once it is large.

    Examples
    --------
    >>> number(1.234), number(1234.5), number(float("inf")), number(float("nan"))
    ('1.23', '1234', '∞', '–')
    """
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    decimals = digits if abs(value) < 100 else 0
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def signed(value: float) -> str:
    """A difference in score, with its sign.

    Examples
    --------
    >>> signed(0.081), signed(-0.05), signed(-0.0001)
    ('+0.081', '-0.050', '0.000')
    """
    text = number(value, 3)
    return f"+{text}" if value > 0 and text != "0.000" else text


def probability(value: float) -> str:
    """A probability, never rounded to certainty.

    Examples
    --------
    >>> probability(0.934), probability(0.999), probability(0.001), probability(float("nan"))
    ('0.93', '>0.99', '<0.01', '–')
    """
    if math.isnan(value):
        return UNKNOWN
    if value > 0.99:
        return ">0.99"
    return "<0.01" if value < 0.01 else f"{value:.2f}"


def p_value(value: float) -> str:
    """A p value with its sign of relation.

    Examples
    --------
    >>> p_value(0.004), p_value(0.1)
    ('p < 0.01', 'p = 0.10')
    """
    text = probability(value)
    return f"p {text[0]} {text[1:]}" if text[0] in "<>" else f"p = {text}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "column"), counted(2, "column"), counted(0, "class", "classes")
    ('1 column', '2 columns', '0 classes')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def percent(value: float) -> str:
    """A share in percent.

    Examples
    --------
    >>> percent(0.95), percent(0.975)
    ('95 %', '97.5 %')
    """
    return UNKNOWN if math.isnan(value) else f"{round(100 * value, 1):g} %"


def interval(given: Interval, *, digits: int = 2, sign: bool = False) -> str:
    """The two ends of an interval; `sign` writes them as differences in score.

    Examples
    --------
    >>> interval(Interval(0.5, 1.25, 0.95)), interval(Interval(-0.1, 0.2, 0.9), sign=True)
    ('0.50 to 1.25', '-0.100 to +0.200')
    """
    if math.isnan(given.lower) and math.isnan(given.upper):
        return UNKNOWN
    low, high = (signed(end) if sign else number(end, digits) for end in (given.lower, given.upper))
    return f"{low} to {high}"
