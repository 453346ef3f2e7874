"""Which real pairs and labels the scoreboard is about, and how large a run is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from crossphase import datasets
from crossphase.errors import InputError

__all__ = ["SCALES", "PairProblem", "ScoreboardScale", "pairs_of", "problems"]


@dataclass(frozen=True, slots=True)
class ScoreboardScale:
    """Sizes of a run.

    Attributes
    ----------
    name : str
    sets : tuple of str
        Datasets; empty takes all that are here.
    pairs : int
        Pairs of each set, evenly spread over its list; 0 takes all.
    rows : int
        Rows of each set, drawn at random; 0 takes all.
    labels : int
        Labelled rows that diagnosis and probes may see, at most.
    epochs : int
    seeds : int
        Splits, each with trainings of its own.
    """

    name: str
    sets: tuple[str, ...]
    pairs: int
    rows: int
    labels: int
    epochs: int
    seeds: int


SCALES = {
    "smoke": ScoreboardScale("smoke", ("digits-views",), 2, 300, 100, 2, 1),
    "small": ScoreboardScale("small", (), 0, 0, 200, 60, 1),
    "paper": ScoreboardScale("paper", (), 0, 0, 200, 60, 3),
}


@dataclass(frozen=True, slots=True)
class PairProblem:
    """Two views of a set and the labels that were derived from neither.

    Attributes
    ----------
    dataset, x, y : str
    labels : tuple of str
    """

    dataset: str
    x: str
    y: str
    labels: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of its table.

        Examples
        --------
        >>> PairProblem("htad", "audio", "accelerometer", ("activity",)).name
        'htad.audio-accelerometer'
        """
        return f"{self.dataset}.{self.x}-{self.y}"


def pairs_of(dataset: str) -> list[PairProblem]:
    """All pairs of views of a set that have a label derived from neither.

    Parameters
    ----------
    dataset : str

    Examples
    --------
    >>> pairs_of("htad")
    [PairProblem(dataset='htad', x='audio', y='accelerometer', labels=('activity',))]
    """
    card = datasets.card(dataset)
    return [
        PairProblem(dataset, x, y, labels)
        for x, y in itertools.combinations(card.views, 2)
        if (
            labels := tuple(
                label
                for label, about in card.labels.items()
                if not {x, y} & set(about.circular_for)
            )
        )
    ]


def problems(
    scale: ScoreboardScale, *, folder: str | None = None
) -> tuple[tuple[PairProblem, ...], tuple[str, ...]]:
    """Pairs of the sets that are here, and the sets that have to be fetched first.

    Parameters
    ----------
    scale : ScoreboardScale
    folder : str or None, default None
        Of fetched data.

    Returns
    -------
    problems : tuple of PairProblem
    absent : tuple of str

    Raises
    ------
    InputError
        If no set is here.

    Examples
    --------
    >>> found, absent = problems(SCALES["smoke"])
    >>> [pair.name for pair in found], absent
    (['digits-views.fourier-profile', 'digits-views.profile-zernike'], ())
    """
    found: list[PairProblem] = []
    absent: list[str] = []
    for name in scale.sets or datasets.names():
        if datasets.place(name, folder=folder) == "to fetch":
            absent.append(name)
            continue
        pairs = pairs_of(name)
        wanted = min(scale.pairs or len(pairs), len(pairs))
        found += [pairs[i * len(pairs) // wanted] for i in range(wanted)]
    if not found:
        raise InputError("no dataset is here: crossphase datasets fetch NAME gets one")
    return tuple(found), tuple(absent)
