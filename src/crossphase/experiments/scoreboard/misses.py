"""Situations in which the recommendation was neither best nor tied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossphase.experiments.scoreboard.problems import pairs_of
from crossphase.experiments.scoreboard.score import option_names, situations
from crossphase.experiments.table import Table

__all__ = ["Miss", "misses"]


@dataclass(frozen=True, slots=True)
class Miss:
    """One such situation.

    Attributes
    ----------
    pair : str
    label : str
    split : int
    deploy : str
        What is at hand.
    recommended : str
        What was done; staying, where more data were asked for.
    confidence : float
    score : float
    best : str
    best_score : float
    foretold, trained : float
        Gain of the best over the view as it is: by the lifted outlook, and in truth. NaN where the
        best trains nothing.
    """

    pair: str
    label: str
    split: int
    deploy: str
    recommended: str
    confidence: float
    score: float
    best: str
    best_score: float
    foretold: float
    trained: float

    @property
    def regret(self) -> float:
        """Loss to the best option."""
        return self.best_score - self.score


def misses(tables: Sequence[Table]) -> list[Miss]:
    """Situations in which the recommendation was neither best nor tied, the worst first.

    Parameters
    ----------
    tables : sequence of Table
        One a pair, see :func:`crossphase.experiments.scoreboard.cell.measure`.
    """
    found = []
    for table in tables:
        pairs = {pair.name: pair for pair in pairs_of(table.name.partition(".")[0])}
        for deploy, situation in situations(table):
            at = int(np.argmax(situation["recommended"]))
            if situation["tied"][at]:
                continue
            names = option_names(situation)
            scores = np.where(np.array(names) == "autoencode", -np.inf, situation["score"])
            best = int(np.argmax(scores))
            found.append(
                Miss(
                    table.name,
                    pairs[table.name].labels[int(situation["label"][at])],
                    int(situation["seed"][at]),
                    deploy,
                    names[at],
                    float(situation["confidence"][at]),
                    float(scores[at]),
                    names[best],
                    float(scores[best]),
                    float(situation["lifted"][best]),
                    float(scores[best] - situation["raw"][best]),
                )
            )
    return sorted(found, key=lambda miss: -miss.regret)
