"""Sentences, tables, JSON, terminal and HTML of a diagnosis; nothing here estimates."""

from crossphase.report.schema import SCHEMA, from_json, to_dict, to_frame, to_json
from crossphase.report.sentences import verdict
from crossphase.report.summary import Summary, summarise

__all__ = [
    "SCHEMA",
    "Summary",
    "from_json",
    "summarise",
    "to_dict",
    "to_frame",
    "to_json",
    "verdict",
]
