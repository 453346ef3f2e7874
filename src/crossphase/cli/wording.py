"""What the command line says: examples in the help, and options where Python has arguments."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossphase.errors import Finding

__all__ = ["examples", "in_options", "one_line", "said_in_options"]

_OPTIONS = (
    "accelerator|align|alignment|assurance|batch_size|classifier|code_dim|confidence|deploy|"
    "devices|epochs|estimator|groups|kappa_max|label_kind|level|max_factor|mission|objective|"
    "precision|scale|seed|splits|temperature|weight|width|workers|x_kind|y_kind"
)
_VALUE = r"'([^']*)'|\"([^\"]*)\"|([^\s:;,]+)"
_WHOLE = (
    (
        re.compile(r"give labelled=.*"),
        "give a label for every row, empty or NaN where unknown, or match rows with --id",
    ),
    (re.compile(r"n_folds=(\d+) with (\d+) rows: .*"), r"\1 folds of \2 labelled rows: label more"),
    (re.compile(r"\bids_x and ids_y\b|\bids_(?:x|y|labels)\b"), "--id"),
    (re.compile(r"\blabel_kind names\b"), "--label-kind names"),
    (re.compile(r"\bgroups= that\b"), "--groups, blocks that"),
    (
        re.compile(r"\b(?:what|a file that) to_json wrote\b"),
        "what crossphase diagnose --json wrote",
    ),
    (re.compile(r"\bn_seeds=(\S+):"), r"--seeds \1:"),
    (re.compile(r"\bgamma_tilde_([xy])\b"), r"--gamma-tilde-\1"),
    (re.compile(r"\bgamma_([xy])\b"), r"--gamma-\1"),
    (re.compile(r"give them different names"), "give --x-name or --y-name"),
)
_ARGUMENT = re.compile(rf"\b({_OPTIONS})=(?:{_VALUE})")


def examples(*commands: str) -> str:
    r"""Commands as the last part of a help text, a line each.

    Parameters
    ----------
    *commands : str
        Those longer than a line hold line breaks.

    Examples
    --------
    >>> print(examples("crossphase demo").replace("\b", "<keep>"))
    <keep>
    Examples:
      crossphase demo
    """
    lines = [line for command in commands for line in f"  {command}".splitlines()]
    return "\n".join(["\b", "Examples:", *lines])


def in_options(text: str) -> str:
    """A message of the library with options in place of Python's arguments.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> in_options("deploy='z': choose one of x, y, both")
    '--deploy z: choose one of x, y, both'
    >>> in_options('Give label_kind="classes" to confirm.')
    'Give --label-kind classes to confirm.'
    """
    for pattern, words in _WHOLE:
        text = pattern.sub(words, text)
    return _ARGUMENT.sub(
        lambda m: f"--{m[1].replace('_', '-')} {next(v for v in m.groups()[1:] if v is not None)}",
        text,
    )


def said_in_options(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings whose advice names options.

    Parameters
    ----------
    findings : tuple of Finding
    """
    return tuple(
        replace(found, finding=in_options(found.finding), action=in_options(found.action))
        for found in findings
    )


def one_line(text: str) -> str:
    r"""A text on one line, with nothing that moves a terminal's cursor.

    Examples
    --------
    >>> one_line("two\nlines\x1b[2J")
    'two lines [2J'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
