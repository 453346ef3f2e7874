"""Where rows come from: one format a module, read a block of rows at a time."""

from crossphase.sources.rows import PickedRows, RowSource, contiguous_runs, is_in_memory, pick
from crossphase.sources.table import Table

__all__ = ["PickedRows", "RowSource", "Table", "contiguous_runs", "is_in_memory", "pick"]
