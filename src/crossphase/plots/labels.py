"""What objectives and views are called in pictures, pages and tables."""

from __future__ import annotations

from crossphase.results import DataSummary
from crossphase.results.names import LONGEST, shorten
from crossphase.theory.regimes import Objective

__all__ = ["IN_PICTURES", "code_label", "metric_label", "objective_label"]

IN_PICTURES = 14
"""Longest name beside an axis; pages and tables have more room."""


def objective_label(objective: str, data: DataSummary, longest: int = LONGEST) -> str:
    """Label of an objective with the modalities' names.

    Parameters
    ----------
    objective : str
        ``"align"``, ``"predict x->y"`` or ``"predict y->x"``.
    data : DataSummary
        Where the names come from.
    longest : int, default 24
        Characters of a name.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> objective_label("predict y->x", data)
    'predict protein→rna'
    """
    x, y = shorten(data.x_name, longest), shorten(data.y_name, longest)
    return {
        str(Objective.ALIGN): "align",
        str(Objective.PREDICT_XY): f"predict {x}→{y}",
        str(Objective.PREDICT_YX): f"predict {y}→{x}",
    }[objective]


def metric_label(metric: str) -> str:
    """What a score is called.

    Examples
    --------
    >>> metric_label("r2")
    'R²'
    """
    return {"r2": "R²"}.get(metric, metric)


def code_label(representation: str, kind: str, data: DataSummary, longest: int = LONGEST) -> str:
    """Short label of a row of the outlook; the source of a prediction is the other modality.

    Parameters
    ----------
    representation, kind : str
        As in :class:`OutlookRow`.
    data : DataSummary
        Where the names come from.
    longest : int, default 24
        Characters of a name.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> code_label("predict y->x", "linear", data)
    'predict rna'
    >>> code_label("raw", "lifted", data)
    'random features'
    """
    return {
        "raw": "plain features" if kind == "linear" else "random features",
        str(Objective.ALIGN): "align",
        str(Objective.PREDICT_XY): f"predict {shorten(data.y_name, longest)}",
        str(Objective.PREDICT_YX): f"predict {shorten(data.x_name, longest)}",
    }[representation]
