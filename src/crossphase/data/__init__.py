"""Paired data: features, labels of every kind, alignment by ID, checks."""

from crossphase.data.align import AlignmentReport
from crossphase.data.labels import LabelColumn, LabelKind, Labels
from crossphase.data.paired import PairedData

__all__ = ["AlignmentReport", "LabelColumn", "LabelKind", "Labels", "PairedData"]
