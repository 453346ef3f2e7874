"""A validation on a terminal: what was foretold beside what happened."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossphase.results.formatting import interval, number, probability, signed
from crossphase.results.names import shorten
from crossphase.results.validation import Validation, ValidationVerdict, spoken_code

__all__ = ["print_validation"]

_METRIC = {"r2": "R²", "balanced accuracy": "balanced accuracy"}
_VIEWS = ("x", "y", "both")


def print_validation(outcome: Validation, console: Console, *, brief: bool = False) -> None:
    """Print the table of every representation by what is at hand, then a sentence a situation.

    Parameters
    ----------
    outcome : Validation
    console : rich.console.Console
    brief : bool, default False
        The sentences alone.
    """
    names = tuple(map(shorten, outcome.names))
    if not brief:
        _print_table(outcome, names, console)
    for verdict in outcome.verdicts:
        console.print(Text(_sentence(verdict, names)), soft_wrap=brief)
    console.print(Text(_closing(outcome, names)), soft_wrap=brief)


def _print_table(outcome: Validation, names: tuple[str, ...], console: Console) -> None:
    likely = max(outcome.probabilities, key=lambda regime: outcome.probabilities[regime])
    open_ = outcome.regime not in outcome.probabilities
    said = f"most likely {likely}, " if open_ else ""
    sure = probability(outcome.probabilities[likely if open_ else outcome.regime])
    n_seeds = len(outcome.seeds)
    console.print(
        Text(
            f"Regime: {outcome.regime} ({said}{sure}). {outcome.n_training} pairs trained "
            f"the encoders, {outcome.n_labelled} labelled rows the probes; scores are of "
            f"{outcome.n_test} rows that nothing has seen, mean of {n_seeds} "
            f"seed{'s' if n_seeds > 1 else ''}.\n"
        )
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("")
    metric = _METRIC[outcome.rows[0].metric].replace(" ", "\n")
    columns = [metric, "±\nseeds", "gain\nover raw", "interval", "foretold"]
    for title in (*columns, "isotropy"):
        table.add_column(title, justify="right", no_wrap=True)
    for view in _VIEWS:
        name = None if view == "both" else names[_VIEWS.index(view)]
        at_hand = "both" if name is None else f"{name} alone"
        table.add_row(Text(f"{at_hand} at hand", style="bold"), *[""] * (len(columns) + 1))
        for row in (row for row in outcome.rows if row.view == view):
            trained = row.representation != "raw"
            table.add_row(
                Text(f" {spoken_code(row.representation, names).removesuffix(f' from {name}')}"),
                number(row.score),
                number(row.spread) if row.spread is not None else "",
                signed(row.gain) if trained else "",
                interval(row.gain_interval) if trained else "",
                signed(row.foretold_gain) if trained and row.foretold_gain is not None else "",
                f"{row.isotropy:.1f}" if row.isotropy is not None else "",
            )
    console.print(table)


def _sentence(verdict: ValidationVerdict, names: tuple[str, ...]) -> str:
    at_hand = "both" if verdict.deploy == "both" else f"{names[verdict.deploy == 'y']} alone"
    advised, best = (
        _with_names(objective, names) for objective in (verdict.recommended, verdict.best)
    )
    said = f"With {at_hand} at hand: {advised} was recommended ({probability(verdict.confidence)})"
    if verdict.regret == 0:
        held = "and was best"
    elif verdict.within_noise:
        held = f"and {best} scored {number(verdict.regret)} more, within noise"
    else:
        held = f"but {best} was better by {number(verdict.regret)}"
    harmed = [_with_names(objective, names) for objective in verdict.harmed]
    harm = f" Training harmed: {', '.join(harmed)}." if harmed else ""
    return f"{said}, {held}.{_beyond(verdict)}{harm}"


def _beyond(verdict: ValidationVerdict) -> str:
    """Whether what training gave needed the other modality."""
    if verdict.beyond_unimodal is None or verdict.beyond_interval is None:
        return ""
    found = f"{signed(verdict.beyond_unimodal)} {interval(verdict.beyond_interval)}"
    whose = "networks of each modality" if verdict.deploy == "both" else "a network of it"
    return f" The best cross-modal code beside {whose} alone: {found}."


def _closing(outcome: Validation, names: tuple[str, ...]) -> str:
    spread = outcome.regret_spread
    regret = number(outcome.mean_regret) + ("" if spread is None else f" ± {number(spread)}")
    harmed = [verdict.deploy for verdict in outcome.verdicts if verdict.harmed]
    spoken = {"x": f"{names[0]} alone", "y": f"{names[1]} alone", "both": "both"}
    harm = (
        f"cross-modal training harmed with {' and with '.join(spoken[d] for d in harmed)} at hand"
        if harmed
        else "cross-modal training harmed nowhere"
    )
    seeds = len(outcome.seeds)
    return (
        f"In {outcome.n_held} of {len(outcome.verdicts)} situations the recommended objective was "
        f"best or within noise of it; mean regret {regret} over {seeds} "
        f"seed{'s' if seeds > 1 else ''}; {harm}."
    )


def _with_names(objective: str, names: tuple[str, ...]) -> str:
    if objective.startswith("unimodal"):
        return f"{names[objective[-1] == 'y']} alone"
    return spoken_code(objective, names)
