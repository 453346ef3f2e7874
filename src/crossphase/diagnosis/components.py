"""Names for the shared components: which covariates drive them, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crossphase.attribution.covariates import automatic_covariates, explain_components
from crossphase.attribution.groups import RowGroups
from crossphase.data import PairedData
from crossphase.diagnosis.robust import RobustEstimate
from crossphase.errors import Finding
from crossphase.results import ComponentRow, Separation

__all__ = ["component_findings", "component_rows"]

_MAX_ROWS = 40_000
_GROUP = "group"


def component_rows(
    data: PairedData,
    estimate: RobustEstimate,
    alignment: Separation,
    *,
    seed: int = 0,
    linear: PairedData | None = None,
) -> tuple[tuple[ComponentRow, ...], list[Finding]]:
    """What each covariate explains of each shared component.

    Beside the covariates of `data`, the mean and norm of the rows of each modality and the groups
    are tried; they need no input.

    Parameters
    ----------
    data : PairedData
    estimate : RobustEstimate
        Of these data.
    alignment : Separation
        Made from `estimate`; gives the order of the components.
    linear : PairedData or None, default None
        The same rows in the coordinates of `estimate`; None where those are the features.
    seed : int, default 0
        Draws the rows used when there are more than 40,000.

    Returns
    -------
    rows : tuple of ComponentRow
        Component after component, the covariate that explains most first.
    findings : list of Finding
        Covariates that could not be used.
    """
    rows: Any = np.arange(data.n)
    if data.n > _MAX_ROWS:
        rng = np.random.default_rng([seed, 2])
        rows = np.sort(rng.choice(data.n, size=_MAX_ROWS, replace=False))
    if len(rows) == data.n:
        rows = slice(None)
    x, y = data.x[rows], data.y[rows]
    order = np.argsort(-np.median(estimate.draws.alignment.values, axis=0), kind="stable")
    of_scores = (x, y) if linear is None else (linear.x[rows], linear.y[rows])
    scores = estimate.fit.scores(*of_scores)[:, order]
    given = {name: values[rows] for name, values in (data.covariates or {}).items()}
    automatic = automatic_covariates(x, y, data.x_name, data.y_name)
    groups = None
    if data.groups is not None:
        groups = RowGroups.of(data.groups[rows])
        automatic[_GROUP] = data.groups[rows].astype(str)
    found = explain_components(scores, {**automatic, **given}, groups)
    table = [
        ComponentRow(
            component=i,
            correlation=float(alignment.values[i]),
            signal_probability=float(alignment.signal_probability[i]),
            covariate=name,
            automatic=name not in given,
            r2=float(found.r2[i, j]),
            p_value=float(found.p_value[i, j]),
        )
        for i in range(scores.shape[1])
        for j, name in enumerate(found.names)
    ]
    table.sort(key=lambda row: (row.component, -row.r2))
    unusable = [name for name in found.unusable if name in given]
    return tuple(table), [_unusable(unusable)] if unusable else []


def _unusable(names: Sequence[str]) -> Finding:
    return Finding(
        "covariates-unusable",
        "info",
        f"Covariates without use: {', '.join(names)}.",
        "They are constant, or different in nearly every row, so they name no component.",
        "Leave them out, or give them as numbers or in coarser categories.",
    )


def component_findings(rows: Sequence[ComponentRow], alignment: Separation) -> list[Finding]:
    """What the user should do about components that have a name.

    Parameters
    ----------
    rows : sequence of ComponentRow
    alignment : Separation

    Returns
    -------
    list of Finding
        ``"nuisance-named"`` when a covariate explains more than half of the strongest nuisance
        component, ``"signal-named"`` when one that was given explains more than half of a
        signal component.
    """
    findings = []
    nuisance = [row for row in rows if row.signal_probability <= 0.5]
    if nuisance:
        first = min(row.component for row in nuisance)
        named = _name([row for row in nuisance if row.component == first])
        if named is not None:
            findings.append(_nuisance_named(named, alignment))
    signal = [row for row in rows if row.signal_probability > 0.5 and not row.automatic]
    for component in sorted({row.component for row in signal}):
        named = _name([row for row in signal if row.component == component])
        if named is not None:
            findings.append(
                Finding(
                    "signal-named",
                    "warning",
                    f"Shared component {component + 1}, which carries the labels, is "
                    f"{100 * named.r2:.0f} % {named.covariate}.",
                    f"What looks like signal may be {named.covariate}: labels and "
                    f"{named.covariate} go together in these rows.",
                    f"Label rows in which they do not, or regress {named.covariate} out and "
                    "diagnose again.",
                )
            )
    return findings


def _name(rows: Sequence[ComponentRow]) -> ComponentRow | None:
    """The row that names its component; given covariates come before automatic ones."""
    named = [row for row in rows if row.names]
    return min(named, key=lambda row: (row.automatic, -row.r2), default=None)


def _nuisance_named(row: ComponentRow, alignment: Separation) -> Finding:
    name = row.covariate
    loses = alignment.probability < 0.5
    if not row.automatic:
        action = f"Regress {name} out of both modalities, or balance it over the pairs"
    elif name == _GROUP:
        action = "Centre the features within groups"
    else:
        action = "Normalise the rows of both modalities"
    return Finding(
        "nuisance-named",
        "warning" if loses else "info",
        f"The strongest shared nuisance (component {row.component + 1}, correlation "
        f"{row.correlation:.2f}) is {100 * row.r2:.0f} % {name}.",
        f"Aligning would learn {name}."
        if loses
        else f"Aligning puts the signal before it, but learns {name} too.",
        f"{action}, and diagnose again.",
    )
