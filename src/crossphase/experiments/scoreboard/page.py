"""The scoreboard as text and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crossphase.experiments.pictures import panels, save
from crossphase.experiments.runner import SuiteResult
from crossphase.experiments.scoreboard.cell import DEPLOYS, REGIMES
from crossphase.experiments.scoreboard.misses import misses
from crossphase.experiments.scoreboard.score import (
    RULES,
    RuleScore,
    agreement,
    gains,
    halves,
    harm_count,
    hindsight,
    rule_score,
    sure_share,
    tables_of_set,
)
from crossphase.experiments.table import Table
from crossphase.plots.palette import LIGHT
from crossphase.plots.style import scoped_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["as_markdown", "gains_figure", "misses_markdown", "write_figure"]

Array = NDArray[np.float64]


_HEADINGS = (
    "situations",
    "best or tied",
    "95 %",
    "within a point",
    "mean regret",
    "95 %",
    "harms",
    "tied, by set",
    "regret, by set",
)


def as_markdown(result: SuiteResult) -> str:
    """Rules, sets, harm, gains and what is missing, as Markdown tables.

    Parameters
    ----------
    result : SuiteResult
        Of :func:`crossphase.experiments.scoreboard.suite.run_scoreboard`.
    """
    tables = result.tables
    n_splits = int(max(table["seed"].max() for table in tables)) + 1
    parts = [
        f"{len(tables)} pairs of {len(tables_of_set(tables))} sets, {_n_problems(tables)} pairs x "
        f"labels, {n_splits} {'split' if n_splits == 1 else 'splits'} each; "
        f"{sum(table.seconds for table in tables):.0f} s of processor time.",
        "**Rules.** Best or tied: within a point of the best option or within noise of it. "
        "Everything is probed as preferred; *by set* averages sets, not situations.",
        _rules(tables),
        "The sets that nothing was chosen on:",
        _rules(halves(tables)["report"]),
        "The sets that the rule was chosen on:",
        _rules(halves(tables)["chose"]),
        "All sets, everything probed by logistic regression, values by ridge without limits:",
        _rules(tables, by="_usual"),
        "**What is at hand.**",
        _by_deploy(tables),
        "**Sets**, the recommendation alone.",
        _sets(tables),
        "**Splits**, the recommendation alone.",
        _splits(tables, n_splits),
        *([_hindsight(tables, n_splits)] if n_splits > 1 else []),
        _harm(tables),
        "**Gains over the raw view**, foretold and trained.",
        _gains(tables),
        "**Regimes named.**",
        _regimes(tables),
    ]
    if result.skipped:
        missing = ", ".join(f"{name} ({what})" for name, what in result.skipped.items())
        parts.append(f"Left out: {missing}.")
    return "\n\n".join(parts) + "\n"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join(f"| {' | '.join(line)} |" for line in (headings, rule, *rows))


def _n_problems(tables: Sequence[Table]) -> int:
    return sum(len(np.unique(table["label"])) for table in tables)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _points(value: float) -> str:
    return f"{100 * value:.1f}"


def _rules(tables: Sequence[Table], *, by: str = "") -> str:
    if not tables:
        return "None of them was run."
    headings = ("rule", *_HEADINGS)
    return _table(headings, [_rule(rule_score(rule, tables, by=by)) for rule in RULES])


def _rule(found: RuleScore) -> tuple[str, ...]:
    low, high = found.best_or_tied_interval
    return (
        found.rule,
        str(found.n),
        _percent(found.best_or_tied),
        f"{100 * low:.0f}-{100 * high:.0f}",
        _percent(found.within_point),
        _points(found.regret),
        f"{_points(found.regret_interval[0])}-{_points(found.regret_interval[1])}",
        _percent(found.harms),
        _percent(found.best_or_tied_by_set),
        _points(found.regret_by_set),
    )


def _by_deploy(tables: Sequence[Table]) -> str:
    rows = []
    for number, deploy in enumerate(DEPLOYS):
        part = [table.where(deploy=number) for table in tables]
        for rule in ("recommended", "always align", "never cross-modal"):
            _, *cells = _rule(rule_score(rule, part))
            rows.append((f"{deploy}: {rule}", *cells))
    headings = ("at hand", *_HEADINGS)
    return _table(headings, rows)


def _sets(tables: Sequence[Table]) -> str:
    rows = []
    for name, part in tables_of_set(tables).items():
        _, *cells = _rule(rule_score("recommended", part))
        rows.append((name, str(len(part)), *cells[:-2]))
    headings = ("set", "pairs", *_HEADINGS[:-2])
    return _table(headings, rows)


def _splits(tables: Sequence[Table], n_splits: int) -> str:
    rows = []
    for split in range(n_splits):
        part = [table.where(seed=split) for table in tables]
        _, *cells = _rule(rule_score("recommended", part))
        rows.append((str(split), *cells))
    return _table(("split", *_HEADINGS), rows)


def _hindsight(tables: Sequence[Table], n_splits: int) -> str:
    by_half = halves(tables)
    parts = {
        "all sets": list(tables),
        "those that chose": by_half["chose"],
        "those that report": by_half["report"],
    }
    reached = {name: hindsight(part) for name, part in parts.items() if part}
    said = "; ".join(
        f"{name} {_percent(best)} best or tied, {_points(regret)} points of regret"
        for name, (best, regret) in reached.items()
    )
    return (
        "**With hindsight.** The option that is best on average over the "
        f"{n_splits} splits, which no rule can know: {said}."
    )


def misses_markdown(tables: Sequence[Table]) -> str:
    """Situations in which the recommendation was neither best nor tied, as a Markdown table.

    Parameters
    ----------
    tables : sequence of Table
    """
    headings = (
        "pair", "label", "split", "at hand", "done", "confidence", "score", "best", "score",
        "its gain foretold", "trained",
    )  # fmt: skip
    rows = [
        (
            miss.pair, miss.label, str(miss.split), miss.deploy, miss.recommended,
            f"{miss.confidence:.2f}", f"{miss.score:.3f}", miss.best, f"{miss.best_score:.3f}",
            *("–" if np.isnan(miss.foretold) else f"{gain:+.3f}"
              for gain in (miss.foretold, miss.trained)),
        )
        for miss in misses(tables)
    ]  # fmt: skip
    return _table(headings, rows) + "\n"


def _harm(tables: Sequence[Table]) -> str:
    found, (n_sure, right) = harm_count(tables), sure_share(tables)
    return (
        f"**Confidence.** {n_sure} recommendations were given with a confidence of 0.8 or more; "
        f"{_percent(right)} of them were best or tied.\n\n"
        f"**Harm.** {found.harmful} of {found.options} cross-modal options clearly harm beside "
        f"staying without training; the outlook foretold {found.foretold} of them (interval and "
        f"all), {found.advised} were recommended, {found.advised_surely} with a confidence of 0.8 "
        f"or more. {found.false_alarms} options were foretold to harm and gained two points or "
        "more over the raw view."
    )


def _gains(tables: Sequence[Table]) -> str:
    headings = (
        "outlook",
        "probe",
        "sets",
        "codes",
        "correlation",
        "of ranks",
        "sign right (of)",
        "error",
        "bias",
    )
    rows = []
    parts = {"all": list(tables), "report": halves(tables)["report"]}
    cases = [("linear", "", "all"), ("lifted", "", "all"), ("lifted", "", "report")]
    for kind, by, which in [*cases, ("lifted", "_usual", "all")]:
        if not parts[which]:
            continue
        found = agreement(kind, parts[which], by=by)
        rows.append(
            (
                kind,
                "usual" if by else "preferred",
                which,
                str(found.n),
                f"{found.correlation:.2f}",
                f"{found.rank_correlation:.2f}",
                f"{_percent(found.sign_right)} ({found.n_beyond})",
                f"{found.mean_error:.3f}",
                f"{found.bias:+.3f}",
            )
        )
    return _table(headings, rows)


def _regimes(tables: Sequence[Table]) -> str:
    rows = []
    for estimator, column in (("robust", "regime"), ("published", "published_regime")):
        named = np.concatenate(
            [[part[column][0] for _, part in _by_label(table)] for table in tables]
        )
        counts = [int(np.sum(named == number)) for number in range(len(REGIMES))]
        rows.append((estimator, *map(str, counts)))
    return _table(("estimator", *map(str, REGIMES)), rows)


def _by_label(table: Table) -> list[tuple[float, Table]]:
    keys = np.unique(np.column_stack([table["seed"], table["label"]]), axis=0)
    return [(label, table.where(seed=seed, label=label)) for seed, label in keys.tolist()]


def write_figure(result: SuiteResult, folder: Path) -> Path:
    """Draw foretold gains beside trained ones.

    Parameters
    ----------
    result : SuiteResult
    folder : Path
        Must exist.

    Returns
    -------
    Path
    """
    with scoped_style():
        return save(gains_figure(result.tables), folder / "gains.png")


def gains_figure(tables: Sequence[Table]) -> Figure:
    """Foretold gains beside trained ones, a point a code; linear and lifted outlook.

    Parameters
    ----------
    tables : sequence of Table
    """
    figure, axes = panels(2)
    found = gains(tables)
    foretold = _ends(np.concatenate([found["linear"], found["lifted"]]))
    for ax, kind in zip(axes, ("linear", "lifted"), strict=True):
        ax.axline((0, 0), slope=1, color=LIGHT.muted, linewidth=1, zorder=1)
        ax.axhline(0, color=LIGHT.muted, linewidth=0.5, zorder=1)
        ax.axvline(0, color=LIGHT.muted, linewidth=0.5, zorder=1)
        ax.scatter(found[kind], found["trained"], s=14, color=LIGHT.signal, alpha=0.7, zorder=2)
        ax.set(
            xlim=foretold, ylim=_ends(found["trained"]),
            xlabel="foretold gain", ylabel="trained gain",
            title=f"{kind} outlook",
        )  # fmt: skip
    return figure


def _ends(values: Array) -> tuple[float, float]:
    room = 0.03 * max(float(np.ptp(values)), 0.1)
    return float(values.min()) - room, float(values.max()) + room
