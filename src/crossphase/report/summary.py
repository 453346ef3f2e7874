"""One summary of a diagnosis; terminal, page and JSON take their texts and rows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from crossphase.errors import Finding
from crossphase.plots.labels import code_label, metric_label, objective_label
from crossphase.report.panels import (
    ComponentLine,
    StabilityLine,
    component_lines,
    nuisance_name,
    stability_lines,
)
from crossphase.report.sentences import action, regime_meaning, required_dimension, verdict
from crossphase.results import Diagnosis, Interval, OutlookRow, Separation
from crossphase.results.formatting import p_value, percent
from crossphase.results.names import shorten
from crossphase.theory.regimes import Regime

__all__ = [
    "Fact",
    "OutlookGroup",
    "OutlookLine",
    "RecommendationRow",
    "RegimeRow",
    "SeparationRow",
    "Summary",
    "summarise",
]

Effect = Literal["baseline", "helps", "harms", "unclear"]


@dataclass(frozen=True, slots=True)
class RegimeRow:
    """One regime: what it means, and how probable it is with either direction."""

    regime: str
    meaning: str
    probability: float
    probability_yx: float
    most_likely: bool


@dataclass(frozen=True, slots=True)
class SeparationRow:
    """One objective: its separation ratio and what follows from it."""

    objective: str
    label: str
    delta: float
    interval: Interval
    probability: float
    n_signal: int
    recovery: int
    required_dim: int
    dimension_words: str


@dataclass(frozen=True, slots=True)
class OutlookLine:
    """One representation of the outlook."""

    label: str
    kind: str
    dim: int
    score: float
    interval: Interval
    gain: float
    gain_interval: Interval
    effect: Effect


@dataclass(frozen=True, slots=True)
class OutlookGroup:
    """The representations that one situation allows, scored in one metric."""

    view: str
    title: str
    metric: str
    lines: tuple[OutlookLine, ...]


@dataclass(frozen=True, slots=True)
class RecommendationRow:
    """What to train in one situation; no confidence (NaN) goes with a call for more data."""

    deploy: str
    situation: str
    action: str
    confidence: float
    reasons: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value, ready to print."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All that the texts of a diagnosis say.

    Attributes
    ----------
    title : str
        The two modalities.
    verdict, regime, regime_meaning : str
    point_estimate : bool
        Whether probabilities and intervals are missing (the published estimator).
    level : float
        Nominal coverage of the intervals.
    x_name, y_name : str
        Modality names fit for one line.
    regimes, separations, outlook, recommendations, warnings : tuple
        Rows of the tables; warnings most severe first.
    components, stability : tuple
        Rows of the tables of shared components and of the stability panel.
    data, settings, versions : tuple of Fact
    """

    title: str
    verdict: str
    regime: str
    regime_meaning: str
    point_estimate: bool
    level: float
    x_name: str
    y_name: str
    regimes: tuple[RegimeRow, ...]
    separations: tuple[SeparationRow, ...]
    outlook: tuple[OutlookGroup, ...]
    recommendations: tuple[RecommendationRow, ...]
    warnings: tuple[Finding, ...]
    components: tuple[ComponentLine, ...]
    stability: tuple[StabilityLine, ...]
    data: tuple[Fact, ...]
    settings: tuple[Fact, ...]
    versions: tuple[Fact, ...]

    @property
    def regime_note(self) -> str:
        """`regime_meaning`, or nothing where the verdict already says it."""
        said = self.regime_meaning.rstrip(".")[1:] in self.verdict
        return "" if said else self.regime_meaning


def summarise(d: Diagnosis) -> Summary:
    """Collect what the terminal, the page and the JSON say about a diagnosis.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    Summary
    """
    x, y = shorten(d.data.x_name), shorten(d.data.y_name)
    meaning = regime_meaning(d.regime, d.data, nuisance_name(d))
    if d.regime is Regime.UNDETERMINED and d.undetermined_reason:
        meaning = d.undetermined_reason
    severity = {"serious": 0, "warning": 1, "info": 2}
    return Summary(
        title=f"{x} and {y}",
        verdict=verdict(d),
        regime=str(d.regime),
        regime_meaning=meaning,
        point_estimate=d.settings.estimator == "published",
        level=d.settings.level,
        x_name=x,
        y_name=y,
        regimes=_regimes(d),
        separations=tuple(_separation(s, d) for s in d.separations),
        outlook=_outlook(d),
        recommendations=_recommendations(d),
        warnings=tuple(sorted(d.warnings, key=lambda w: severity[w.severity])),
        components=component_lines(d),
        stability=stability_lines(d),
        data=_data_facts(d),
        settings=_settings_facts(d),
        versions=tuple(Fact(name, version) for name, version in d.versions.items()),
    )


def _regimes(d: Diagnosis) -> tuple[RegimeRow, ...]:
    return tuple(
        RegimeRow(
            name,
            regime_meaning(Regime(name), d.data, nuisance_name(d)),
            p,
            d.probabilities_yx[name],
            Regime(name) is d.most_likely_regime,
        )
        for name, p in d.probabilities.items()
    )


def _separation(separation: Separation, d: Diagnosis) -> SeparationRow:
    return SeparationRow(
        objective=str(separation.objective),
        label=objective_label(separation.objective, d.data),
        delta=separation.delta,
        interval=separation.interval,
        probability=separation.probability,
        n_signal=int(separation.is_signal.sum()),
        recovery=separation.recovery,
        required_dim=separation.required_dim,
        dimension_words=required_dimension(separation),
    )


def _situations(d: Diagnosis) -> dict[str, str]:
    return {
        "x": f"only {shorten(d.data.x_name)} at hand",
        "y": f"only {shorten(d.data.y_name)} at hand",
        "both": "both at hand",
    }


def _outlook(d: Diagnosis) -> tuple[OutlookGroup, ...]:
    groups = []
    metrics = dict.fromkeys(row.metric for row in d.outlook)
    for metric in metrics:
        for view, situation in _situations(d).items():
            rows = [row for row in d.outlook if (row.view, row.metric) == (view, metric)]
            title = f"{situation}, {metric_label(metric)}" if len(metrics) > 1 else situation
            if rows:
                lines = tuple(_outlook_line(row, d) for row in rows)
                groups.append(OutlookGroup(view, title, metric_label(metric), lines))
    return tuple(groups)


def _outlook_line(row: OutlookRow, d: Diagnosis) -> OutlookLine:
    effect: Effect = "unclear"
    if row.representation == "raw":
        effect = "baseline"
    elif row.helps or row.harms:
        effect = "helps" if row.helps else "harms"
    return OutlookLine(
        label=code_label(row.representation, row.kind, d.data),
        kind=row.kind,
        dim=row.dim,
        score=row.score,
        interval=row.interval,
        gain=row.gain,
        gain_interval=row.gain_interval,
        effect=effect,
    )


def _recommendations(d: Diagnosis) -> tuple[RecommendationRow, ...]:
    rows = []
    for view, situation in _situations(d).items():
        advice = d.recommendations[view]
        asks_for_data = advice.objective == "collect more data"
        rows.append(
            RecommendationRow(
                deploy=view,
                situation=situation,
                action=action(advice.objective, d.data),
                confidence=math.nan if asks_for_data else advice.confidence,
                reasons=advice.reasons,
                chosen=view == d.settings.deploy,
            )
        )
    return tuple(rows)


def _data_facts(d: Diagnosis) -> tuple[Fact, ...]:
    data = d.data
    facts = [
        Fact("pairs", f"{data.n_pairs}, of which {data.n_labelled} labelled"),
        Fact(f"features of {shorten(data.x_name)}", str(data.dx)),
        Fact(f"features of {shorten(data.y_name)}", str(data.dy)),
    ]
    if data.reduced != (data.dx, data.dy):
        facts.append(Fact("reduced to", f"{data.reduced[0]} and {data.reduced[1]} dimensions"))
    if data.labels:
        named = ", ".join(f"{shorten(name)} ({kind})" for name, kind in data.labels)
        facts.append(Fact("labels", named))
    if not math.isnan(d.signal_p_value):
        facts.append(Fact("test of no shared signal", p_value(d.signal_p_value)))
    if not math.isnan(d.shared_label_fraction):
        facts.append(Fact("label signal that is shared", percent(d.shared_label_fraction)))
    return tuple(facts)


def _settings_facts(d: Diagnosis) -> tuple[Fact, ...]:
    return tuple(
        Fact(field.name.replace("_", " "), _setting(getattr(d.settings, field.name)))
        for field in fields(d.settings)
    )


def _setting(value: object) -> str:
    if value is None:
        return "chosen from the data"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
