"""How well scores foretold agree with those of trained networks, as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Gains of fewer points than this have no sign that could be foretold.
LEAST_GAIN = 0.02
OBJECTIVES = {"align": ("align",), "predict": ("predict",), "all": ("align", "predict")}
_SHOWN = (
    ("align", "x"),
    ("align", "y"),
    ("align", "both"),
    ("predict x->y", "x"),
    ("predict y->x", "y"),
)


@dataclass(frozen=True)
class Case:
    """One code of one pair. Last axes of scores: labelled sets, [same rows, rows held out].

    Attributes
    ----------
    pair, half : str
    key : tuple of str
        Representation and view.
    trained : ndarray of shape (n_seeds, n_draws, 2)
    code, raw : dict of str to ndarray of shape (n_draws, 2)
        What is foretold of the code, and the modality itself, by kind.
    """

    pair: str
    half: str
    key: tuple[str, str]
    trained: Array
    code: dict[str, Array]
    raw: dict[str, Array]


@dataclass(frozen=True)
class Agreement:
    """Of foretold and trained gains.

    Attributes
    ----------
    n : int
        Cases.
    correlation : float
    right : float
        Share of right signs of the `beyond` cases with a trained gain of two points or more.
    beyond : int
    error, bias : float
        Mean absolute and mean difference.
    """

    n: int
    correlation: float
    right: float
    beyond: int
    error: float
    bias: float

    @classmethod
    def of(cls, foretold: Array, trained: Array) -> Agreement:
        """Of arrays of the same shape.

        Examples
        --------
        >>> found = Agreement.of(np.array([0.1, 0.0, -0.1]), np.array([0.2, 0.01, 0.1]))
        >>> found.n, found.beyond, found.right, round(found.error, 4), round(found.bias, 4)
        (3, 2, 0.5, 0.1033, -0.1033)
        """
        foretold, trained = np.ravel(foretold), np.ravel(trained)
        beyond = np.abs(trained) > LEAST_GAIN
        right = np.sign(foretold[beyond]) == np.sign(trained[beyond])
        error = foretold - trained
        return cls(
            len(trained),
            float(np.corrcoef(foretold, trained)[0, 1]),
            float(right.mean()) if beyond.any() else float("nan"),
            int(beyond.sum()),
            float(np.abs(error).mean()),
            float(error.mean()),
        )

    def short(self) -> str:
        return f"{self.correlation:.3f}, {_percent(self.right)}, {self.error:.3f}"


@dataclass(frozen=True)
class Table:
    """Gains of cases as arrays; the first axis counts cases.

    Attributes
    ----------
    foretold : ndarray of shape (n, n_draws, 2)
    trained : ndarray of shape (n, n_seeds, n_draws, 2)
    pairs : ndarray of str of shape (n,)
    """

    foretold: Array
    trained: Array
    pairs: NDArray[np.str_]

    @classmethod
    def of(cls, cases: Sequence[Case], kind: str) -> Table:
        raw = np.array([case.raw[kind] for case in cases])
        return cls(
            np.array([case.code[kind] for case in cases]) - raw,
            np.array([case.trained for case in cases]) - raw[:, None],
            np.array([case.pair for case in cases]),
        )

    def compared(self) -> dict[str, tuple[Array, Array]]:
        """What is foretold and what it is compared with; rows count cases."""
        mean = self.trained.mean(axis=1)
        return {
            "the same labelled rows": (self.foretold[..., 0], mean[..., 0]),
            "rows held out, mean of draws": (
                self.foretold[..., 1].mean(axis=1),
                mean[..., 1].mean(axis=1),
            ),
            "the labelled rows / rows held out": (self.foretold[..., 0], mean[..., 1]),
            "the labelled rows / rows held out, mean of draws": (
                self.foretold[..., 0].mean(axis=1),
                mean[..., 1].mean(axis=1),
            ),
        }

    def by_one_seed(self) -> dict[str, tuple[Array, Array]]:
        """The first training instead of the outlook, and the mean of the others."""
        one, others = self.trained[:, 0], self.trained[:, 1:].mean(axis=1)
        return {
            "the same labelled rows": (one[..., 0], others[..., 0]),
            "rows held out, mean of draws": (
                one[..., 1].mean(axis=1),
                others[..., 1].mean(axis=1),
            ),
        }

    def spread(self, foretold: Array, trained: Array, *, n_draws: int = 2000) -> tuple[str, str]:
        """95 % intervals of correlation and mean error, when whole pairs are drawn anew."""
        names = np.unique(self.pairs)
        members = [np.flatnonzero(self.pairs == name) for name in names]
        rng = np.random.default_rng(0)
        drawn = []
        for _ in range(n_draws):
            rows = np.concatenate([members[i] for i in rng.integers(len(names), size=len(names))])
            found = Agreement.of(foretold[rows], trained[rows])
            drawn.append((found.correlation, found.error))
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        return f"{low[0]:.2f} to {high[0]:.2f}", f"{low[1]:.3f} to {high[1]:.3f}"


def print_tables(cases: Sequence[Case]) -> None:
    """Print every table that the cases can fill."""
    gains = [case for case in cases if case.key in _SHOWN]
    halves = {case.half for case in gains}
    if "report" in halves:
        _gains("Pairs that nothing was chosen on", [c for c in gains if c.half == "report"])
        _floor([c for c in gains if c.half == "report"])
    if len(halves) > 1:
        _gains("All pairs", gains)
    _baselines(cases)
    _every_pair(gains)


def _gains(title: str, cases: Sequence[Case]) -> None:
    pairs = len({case.pair for case in cases})
    print(f"\n### {title} ({pairs})\n")
    print(
        "| gains | foretold / trained scored on | cases | correlation | 95 % by pairs "
        "| sign right | mean error | 95 % by pairs | bias | one seed, for the mean of the others |"
        "\n|" + "---|" * 10
    )
    for kind in ("lifted", "linear"):
        for name, starts in OBJECTIVES.items():
            part = [c for c in cases if c.key[0].split()[0] in starts]
            table = Table.of(part, kind)
            one_seed = table.by_one_seed() if table.trained.shape[1] > 1 else {}
            for over, (foretold, trained) in table.compared().items():
                if over.startswith("the labelled") and name != "all":
                    continue
                found = Agreement.of(foretold, trained)
                correlation, error = table.spread(foretold, trained)
                floor = Agreement.of(*one_seed[over]).short() if over in one_seed else ""
                print(
                    f"| {name}, {kind} | {over} | {found.n} | {found.correlation:.3f} "
                    f"| {correlation} | {_percent(found.right)} of {found.beyond} "
                    f"| {found.error:.3f} | {error} | {found.bias:+.3f} | {floor} |"
                )


def _floor(cases: Sequence[Case]) -> None:
    """How well trained codes foretell trained codes."""
    table = Table.of(cases, "lifted")
    held_out = table.trained[..., 1]
    mean = table.trained.mean(axis=1)
    rows = {("trained codes cross-validated", "their own score on rows held out"): (
        mean[..., 0], mean[..., 1]
    )}  # fmt: skip
    if held_out.shape[1] > 1:
        rows["one trained seed", "another, rows held out"] = held_out[:, 0], held_out[:, 1]
    print("\n| foretold by | of | cases | correlation | sign right | mean error |\n|" + "---|" * 6)
    for (what, of), values in rows.items():
        found = Agreement.of(*values)
        print(
            f"| {what} | {of} | {found.n} | {found.correlation:.3f} "
            f"| {_percent(found.right)} of {found.beyond} | {found.error:.3f} |"
        )


def _baselines(cases: Sequence[Case]) -> None:
    """How networks of one modality score beside the outlook's baselines of each kind."""
    print(
        "\n### Networks of one modality\n\n"
        "| network | foretold from the labels by | the same labelled rows: mean scores "
        "| correlation | mean error | bias "
        "| rows held out, mean of draws: mean scores | correlation | mean error | bias |"
        "\n|" + "---|" * 10
    )
    for name in ("untrained", "autoencode"):
        part = [case for case in cases if case.key[0] == name]
        for kind in ("linear", "lifted") if part else ():
            raw = np.array([case.raw[kind] for case in part])
            trained = np.array([case.trained for case in part]).mean(axis=1)
            cells = []
            for mine, theirs in (
                (raw[..., 0], trained[..., 0]),
                (raw[..., 0].mean(axis=1), trained[..., 1].mean(axis=1)),
            ):
                found = Agreement.of(mine, theirs)
                means = f"{mine.mean():.3f} for {theirs.mean():.3f}"
                cells.append(
                    f"{means} | {found.correlation:.3f} | {found.error:.3f} | {found.bias:+.3f}"
                )
            print(f"| {name} | {kind} features | {' | '.join(cells)} |")


def _every_pair(cases: Sequence[Case]) -> None:
    """Lifted gains in points: foretold from the labels / trained on rows held out."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    halves = {case.pair: case.half for case in cases}
    for case in cases:
        foretold = (case.code["lifted"] - case.raw["lifted"])[:, 0].mean()
        trained = (case.trained - case.raw["lifted"])[..., 1].mean()
        cell = f"{100 * foretold:+.1f} / {100 * trained:+.1f}"
        found.setdefault(case.pair, {})[case.key] = cell
    print("\n### Every pair\n")
    print("| pair | half | align, x | align, y | align, both | x→y, x | y→x, y |\n|" + "---|" * 7)
    for pair, cells in found.items():
        half = {"choose": "chose", "report": "report"}[halves[pair]]
        print(f"| {pair} | {half} | " + " | ".join(cells[key] for key in _SHOWN) + " |")


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.0f} %"
