"""Errors a user can mend, and the findings a result carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CrossphaseError", "Finding", "InputError", "MissingExtraError"]


class CrossphaseError(Exception):
    """Base class of every error that crossphase raises on purpose."""


class InputError(CrossphaseError, ValueError):
    """The input cannot be used as it is.

    The message is one line that says what was got, what was wanted and how to mend it;
    the command line prints it and exits with 2.
    """


class MissingExtraError(CrossphaseError, ImportError):
    """An optional dependency is needed and not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed: pip install 'crossphase[{extra}]'"
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the user should know: what was seen, why it matters, what to do.

    Attributes
    ----------
    code : str
        Stable kebab-case name, e.g. ``"constant-columns"``.
    severity : {"info", "warning", "serious"}
    finding : str
        What was computed or seen, with its numbers.
    meaning : str
        What that does to the result.
    action : str
        What the user can do about it; empty when nothing need be done.
    """

    code: str
    severity: Literal["info", "warning", "serious"]
    finding: str
    meaning: str
    action: str = ""
