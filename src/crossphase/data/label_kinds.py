"""Deciding what a label is, continuous or classes, and refusing labels that say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from crossphase.data.checks import LARGEST
from crossphase.data.label_reading import RawColumn
from crossphase.data.labels import LabelColumn, LabelKind, Labels
from crossphase.errors import Finding, InputError
from crossphase.results.formatting import counted

__all__ = ["KindChoice", "encode_labels"]

KindChoice = Literal["auto", "continuous", "classes"]

#: Whole numbers with at most this many distinct values are taken for classes,
FEW = 20
#: or at most this many when they count 0, 1, 2, … or 1, 2, 3, … without a gap,
FEW_CONSECUTIVE = 100
#: provided each value occurs this often on average.
MEAN_COUNT = 3
#: Names listed in a message.
_SHOWN = 5
#: Classes with no more rows than this are reported.
RARE = 2
#: Robust standard deviations from the median beyond which a continuous label is an outlier.
OUTLYING = 20.0


def encode_labels(
    raw: Sequence[RawColumn], label_kind: KindChoice | Mapping[str, KindChoice] = "auto"
) -> tuple[Labels, tuple[Finding, ...]]:
    """Encode label columns.

    Text, booleans and categories are classes; numbers with fractions are continuous. Whole
    numbers are classes when there are two distinct values, or when each value occurs three times
    on average and there are at most 20 of them, or at most 100 that count up from 0 or 1 without
    a gap; otherwise they are continuous. That last rule is a guess, and reported as one. A table
    of three or more columns of zeros and ones with a single one in each row is one-hot, and
    becomes one label.

    Parameters
    ----------
    raw : sequence of RawColumn
        On the rows of the pairs.
    label_kind : {"auto", "continuous", "classes"} or mapping of label name to these
        Overrules the guess, for all labels or by name.

    Returns
    -------
    labels : Labels
    findings : tuple of Finding
        Codes ``"label-kind-guessed"``, ``"one-hot-labels"``, ``"partly-labelled"``,
        ``"rare-classes"``, ``"spaces-in-classes"``, ``"outlying-labels"``.

    Raises
    ------
    InputError
        If no row is labelled, or a label is infinite, constant, of fewer than two classes, or
        different in every row.

    Examples
    --------
    >>> from crossphase.data.label_reading import read_columns
    >>> labels, findings = encode_labels(read_columns([0, 1, 1, 0, None, 1, 0]))
    >>> labels.columns[0].classes, [finding.code for finding in findings]
    (('0', '1'), ['label-kind-guessed'])
    """
    choices = _choices(raw, label_kind)
    complete = ~np.logical_or.reduce([column.missing for column in raw])
    if not complete.any():
        raise InputError(_nothing_labelled(raw))
    findings: list[Finding] = []
    if set(choices.values()) == {"auto"} and _is_one_hot(raw, complete):
        raw = (_fold_one_hot(raw),)
        complete = ~raw[0].missing
        choices = {raw[0].name: "auto"}
        findings.append(
            Finding(
                "one-hot-labels",
                "info",
                "The label columns are zeros with a single one in each row.",
                "They were read as one label with one class a column.",
                'Give label_kind="classes" if they are separate labels.',
            )
        )
    findings.extend(_partly_labelled(raw, complete))
    columns = []
    for column in raw:
        kind = choices[column.name]
        if kind == "auto":
            kind, found = _guess(column)
            findings.extend(found)
        if kind == "continuous":
            encoded = _continuous(column, complete)
            columns.append(encoded)
            findings.extend(_outlying(encoded, complete))
        else:
            stripped = _stripped(column)
            findings.extend(_spaced(column, stripped, complete))
            encoded = _classes(stripped, complete)
            columns.append(encoded)
            findings.extend(_rare(encoded, complete))
    return Labels(tuple(columns)), tuple(findings)


def _choices(
    raw: Sequence[RawColumn], label_kind: KindChoice | Mapping[str, KindChoice]
) -> dict[str, KindChoice]:
    names = [column.name for column in raw]
    given = label_kind if isinstance(label_kind, Mapping) else dict.fromkeys(names, label_kind)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InputError(
            f"label_kind names {unknown[0]!r}, which is not a label: there are {', '.join(names)}"
        )
    for name, choice in given.items():
        if choice not in get_args(KindChoice):
            raise InputError(
                f"label_kind={choice!r} for {name!r}: choose among {get_args(KindChoice)}"
            )
    return {name: given.get(name, "auto") for name in names}


def _nothing_labelled(raw: Sequence[RawColumn]) -> str:
    counts = {column.name: int(np.count_nonzero(~column.missing)) for column in raw}
    if len(raw) > 1 and all(counts.values()):
        return (
            "no row has every label present "
            f"({', '.join(f'{name}: {count} rows' for name, count in counts.items())}): "
            "diagnose with fewer labels at a time"
        )
    empty = next(name for name, count in counts.items() if count == 0)
    return f"label {empty!r} is missing in all {len(raw[0].values)} rows: give some labels"


def _partly_labelled(raw: Sequence[RawColumn], complete: NDArray[np.bool_]) -> tuple[Finding, ...]:
    partly = int((~np.logical_and.reduce([column.missing for column in raw]) & ~complete).sum())
    if not partly:
        return ()
    lacking = ", ".join(
        f"{column.name!r} in {int((~column.missing).sum())}" for column in raw[:_SHOWN]
    )
    return (
        Finding(
            "partly-labelled",
            "warning" if partly > complete.sum() / 10 else "info",
            f"{counted(partly, 'row lacks', 'rows lack')} some of the {len(raw)} labels "
            f"(present: {lacking}{', …' if len(raw) > _SHOWN else ''} rows).",
            f"Only the {int(complete.sum())} rows with every label count as labelled.",
            "Diagnose with fewer labels at a time to use the others.",
        ),
    )


def _is_one_hot(raw: Sequence[RawColumn], complete: NDArray[np.bool_]) -> bool:
    if len(raw) < 3 or any(column.source not in ("integer", "boolean") for column in raw):
        return False
    table = np.column_stack([column.values[complete] for column in raw])
    return bool(np.all((table == 0) | (table == 1)) and np.all(table.sum(axis=1) == 1))


def _fold_one_hot(raw: Sequence[RawColumn]) -> RawColumn:
    names = np.array([column.name for column in raw])
    missing = np.logical_or.reduce([column.missing for column in raw])
    table = np.column_stack([column.values for column in raw])
    hot = np.argmax(np.where(missing[:, None], 0.0, table), axis=1)
    return RawColumn("label", "category", names[hot], missing, tuple(names.tolist()))


def _guess(column: RawColumn) -> tuple[LabelKind, tuple[Finding, ...]]:
    if column.source == "continuous":
        return "continuous", ()
    if column.source != "integer":
        return "classes", ()
    present = column.values[~column.missing]
    seen = np.unique(present)
    consecutive = seen[0] in (0, 1) and seen[-1] - seen[0] == len(seen) - 1
    few = len(seen) <= (FEW_CONSECUTIVE if consecutive else FEW)
    kind: LabelKind = (
        "classes"
        if len(seen) <= 2 or (few and len(seen) * MEAN_COUNT <= len(present))
        else "continuous"
    )
    if len(seen) < 2:
        return kind, ()
    other = "continuous" if kind == "classes" else "classes"
    finding = Finding(
        "label-kind-guessed",
        "info" if len(seen) == 2 else "warning",
        f"Label {column.name!r} holds whole numbers, {len(seen)} distinct values in "
        f"{len(present)} labelled rows.",
        f"It was read as {kind}.",
        f'Give label_kind="{other}" if that is wrong, or label_kind="{kind}" to confirm.',
    )
    return kind, (finding,)


def _continuous(column: RawColumn, complete: NDArray[np.bool_]) -> LabelColumn:
    if column.source in ("text", "category"):
        try:
            numbers = np.where(column.missing, "nan", column.values).astype(np.float64)
        except ValueError:
            shown = next(value for value in column.values[~column.missing] if not _numeric(value))
            raise InputError(
                f"label {column.name!r} holds text such as {str(shown)!r}: "
                'it cannot be continuous, use label_kind="classes"'
            ) from None
    else:
        numbers = column.values
    values = np.where(column.missing, np.nan, numbers).astype(np.float64)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise InputError(
            f"label {column.name!r} has {counted(len(infinite), 'infinite value')}, first in row "
            f"{infinite[0]}: make them missing (NaN) or drop them"
        )
    large = np.flatnonzero(np.abs(values) > LARGEST)
    if len(large):
        raise InputError(
            f"label {column.name!r} has {counted(len(large), 'value')} larger than {LARGEST:g}, "
            f"first in row {large[0]}: rescale them or make them missing (NaN)"
        )
    present = values[complete]
    if np.all(present == present[0]):
        raise InputError(
            f"label {column.name!r} is constant ({present[0]:g} in all {len(present)} labelled "
            "rows): it tells nothing apart, give labels that vary"
        )
    return LabelColumn(column.name, "continuous", values)


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _class_names(column: RawColumn) -> NDArray[np.str_]:
    if column.source in ("text", "category"):
        return column.values
    if column.source == "boolean":
        return np.where(column.values == 1, "True", "False")
    if not np.all(np.isfinite(column.values[~column.missing])):
        raise InputError(
            f"label {column.name!r} has infinite values: make them missing (NaN) or drop them"
        )
    return np.array([f"{value:.15g}" for value in column.values])


def _classes(column: RawColumn, complete: NDArray[np.bool_]) -> LabelColumn:
    names = _class_names(column)
    present = np.unique(names[complete]).tolist()
    if len(present) < 2:
        raise InputError(
            f"label {column.name!r} has a single class ({present[0]!r} in "
            f"{counted(int(complete.sum()), 'labelled row')}): give rows of at least 2 classes"
        )
    if len(present) == int(complete.sum()) and len(present) > 2:
        raise InputError(
            f"label {column.name!r} has {len(present)} classes in {len(present)} labelled rows, "
            "each seen once: give classes that repeat (is this an ID column?)"
        )
    if column.order:
        classes = [name for name in column.order if name in set(present)]
    elif column.source in ("integer", "continuous"):
        classes = sorted(present, key=float)
    else:
        classes = present
    code = {name: i for i, name in enumerate(classes)}
    # A class seen only in rows where another label is missing has no labelled row: unlabelled.
    codes = np.fromiter(
        (-1 if m else code.get(v, -1) for v, m in zip(names.tolist(), column.missing, strict=True)),
        np.intp,
        count=len(names),
    )
    return LabelColumn(column.name, "classes", codes, tuple(classes))


def _stripped(column: RawColumn) -> RawColumn:
    """Class names without the white space around them, which nobody sees."""
    if column.source not in ("text", "category"):
        return column
    names = np.char.strip(column.values.astype(str))
    order = tuple(dict.fromkeys(name.strip() for name in column.order))
    return RawColumn(column.name, column.source, names, column.missing, order)


def _spaced(
    column: RawColumn, stripped: RawColumn, complete: NDArray[np.bool_]
) -> tuple[Finding, ...]:
    if column.source not in ("text", "category"):
        return ()
    before = np.unique(column.values[complete].astype(str))
    after = np.unique(stripped.values[complete])
    if len(before) == len(after):
        return ()
    twice = [name for name in after.tolist() if sum(b.strip() == name for b in before) > 1]
    return (
        Finding(
            "spaces-in-classes",
            "warning",
            f"Label {column.name!r} has {len(twice)} classes written with and without white space "
            f"around them: {', '.join(repr(name) for name in twice[:5])}.",
            "They were taken for one class each.",
            "Clean the labels; rename classes that are meant to differ.",
        ),
    )


def _outlying(column: LabelColumn, complete: NDArray[np.bool_]) -> tuple[Finding, ...]:
    distance = np.abs(column.values[complete] - np.median(column.values[complete]))
    # Where most labels share one value, the others tell the spread.
    spread = 1.4826 * float(np.median(distance) or np.median(distance[distance > 0]))
    far = int((distance > OUTLYING * spread).sum())
    if not far:
        return ()
    return (
        Finding(
            "outlying-labels",
            "warning",
            f"Label {column.name!r} has {far} of {int(complete.sum())} labelled rows more than "
            f"{OUTLYING:g} robust standard deviations from the median, up to "
            f"{distance.max() / spread:.3g}.",
            "A few rows decide the label's variance, so signal in all others hardly counts.",
            "Check these rows; give ranks or logarithms of the label if they are right.",
        ),
    )


def _rare(column: LabelColumn, complete: NDArray[np.bool_]) -> tuple[Finding, ...]:
    counts = np.bincount(column.values[complete], minlength=len(column.classes))
    rare = np.flatnonzero(counts <= RARE)
    if not len(rare):
        return ()
    shown = ", ".join(f"{column.classes[i]!r} ({counts[i]})" for i in rare[:5])
    return (
        Finding(
            "rare-classes",
            "warning",
            f"Label {column.name!r} has {len(rare)} of {len(column.classes)} classes with "
            f"{RARE} labelled rows or fewer: {shown}{', …' if len(rare) > 5 else ''}.",
            "Held-out folds may miss them, so what they contribute is barely tested.",
            "Label more rows of these classes, or merge or drop them.",
        ),
    )
