"""What objectives and views are called in pictures, pages and tables."""

from __future__ import annotations

from crossphase.results import DataSummary
from crossphase.results.names import shorten
from crossphase.theory.regimes import Objective

__all__ = ["code_label", "metric_label", "objective_label"]


def objective_label(objective: str, data: DataSummary) -> str:
    """Label of an objective with the modalities' names.

    Parameters
    ----------
    objective : str
        ``"align"``, ``"predict x->y"`` or ``"predict y->x"``.
    data : DataSummary
        Where the names come from.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> objective_label("predict y->x", data)
    'predict protein→rna'
    """
    x, y = shorten(data.x_name), shorten(data.y_name)
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


def code_label(representation: str, kind: str, data: DataSummary) -> str:
    """Short label of a row of the outlook; the source of a prediction is the other modality.

    Parameters
    ----------
    representation, kind : str
        As in :class:`OutlookRow`.
    data : DataSummary
        Where the names come from.

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
        str(Objective.PREDICT_XY): f"predict {shorten(data.y_name)}",
        str(Objective.PREDICT_YX): f"predict {shorten(data.x_name)}",
    }[representation]
