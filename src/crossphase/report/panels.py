"""Rows of two tables: what drives the shared components, and how stable the verdict is."""

from __future__ import annotations

from dataclasses import dataclass

from crossphase.results import Diagnosis, StabilityRow
from crossphase.results.components import STABILITY_KINDS
from crossphase.results.formatting import percent, probability
from crossphase.results.names import shorten

__all__ = [
    "ComponentLine",
    "StabilityLine",
    "component_lines",
    "nuisance_name",
    "stability_lines",
]

_MAX_COMPONENTS = 20
_MAX_COVARIATES = 2
_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """One shared component: how strong, what it is, which covariates explain it."""

    component: int
    correlation: float
    signal_probability: float
    role: str
    explained: str


@dataclass(frozen=True, slots=True)
class StabilityLine:
    """One kind of change: how many of its reruns agree, and what the others say."""

    kind: str
    agree: int
    total: int
    disagreement: str


def component_lines(d: Diagnosis) -> tuple[ComponentLine, ...]:
    """The strongest 20 shared components with the two covariates that explain most of each.

    Covariates that explain less than 5 %, or no more than chance does, are not named.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    tuple of ComponentLine
        Components are counted from 1.
    """
    lines = []
    for i in sorted({row.component for row in d.components})[:_MAX_COMPONENTS]:
        rows = [row for row in d.components if row.component == i]
        telling = [row for row in rows if row.r2 >= _LEAST_SHARE and row.p_value < 0.05]
        telling = sorted(telling, key=lambda row: -row.r2)[:_MAX_COVARIATES]
        lines.append(
            ComponentLine(
                component=i + 1,
                correlation=rows[0].correlation,
                signal_probability=rows[0].signal_probability,
                role="signal" if rows[0].signal_probability > 0.5 else "nuisance",
                explained=", ".join(
                    f"{shorten(r.covariate)} {percent(round(r.r2, 2))}" for r in telling
                ),
            )
        )
    return tuple(lines)


def nuisance_name(d: Diagnosis) -> str:
    """The covariate that explains more than half of the strongest nuisance; else nothing.

    Only covariates that were given name it here: the mean of a row is no cause.
    """
    nuisance = [row for row in d.components if row.signal_probability <= 0.5]
    first = min((row.component for row in nuisance), default=-1)
    named = [row for row in nuisance if row.component == first and row.names and not row.automatic]
    return shorten(max(named, key=lambda row: row.r2).covariate) if named else ""


def stability_lines(d: Diagnosis) -> tuple[StabilityLine, ...]:
    """One line a kind of change, in the order of the panel.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    tuple of StabilityLine
    """
    lines = []
    for kind in dict.fromkeys(row.kind for row in d.stability):
        rows = [row for row in d.stability if row.kind == kind]
        against = [row for row in rows if not row.agrees]
        lines.append(
            StabilityLine(
                kind=STABILITY_KINDS[kind],
                agree=len(rows) - len(against),
                total=len(rows),
                disagreement="; ".join(_disagreement(row) for row in against),
            )
        )
    return tuple(lines)


def _disagreement(row: StabilityRow) -> str:
    return f"{row.change}: {row.regime} ({probability(row.probability)})"
