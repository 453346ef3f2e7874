"""Reading arrays and tables from files; nothing is ever unpickled."""

from crossphase.io.load import load_paired
from crossphase.io.many import load_modalities
from crossphase.io.tables import read_columns, read_labels, read_table
from crossphase.sources import Table

__all__ = ["Table", "load_modalities", "load_paired", "read_columns", "read_labels", "read_table"]
