"""Where rows come from: one format a module, read a block of rows at a time."""

from crossphase.sources.rows import RowSource, contiguous_runs, is_in_memory
from crossphase.sources.table import Table

__all__ = ["RowSource", "Table", "contiguous_runs", "is_in_memory"]
