"""From rows of any number to what the estimators see: moments of all, and some of the rows."""

from crossphase.engine.gathering import Gathered, gather
from crossphase.engine.passes import Pass, count_jobs

__all__ = ["Gathered", "Pass", "count_jobs", "gather"]
