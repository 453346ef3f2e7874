"""Paired data: features, labels of every kind, alignment by ID, checks."""

from crossphase.data.align import Alignment, AlignmentReport, align_by_id
from crossphase.data.label_kinds import KindChoice
from crossphase.data.labels import LabelColumn, LabelKind, Labels, derived_label
from crossphase.data.matching import AlignChoice
from crossphase.data.multimodal import MultimodalData
from crossphase.data.paired import PairedData

__all__ = [
    "AlignChoice",
    "Alignment",
    "AlignmentReport",
    "KindChoice",
    "LabelColumn",
    "LabelKind",
    "Labels",
    "MultimodalData",
    "PairedData",
    "align_by_id",
    "derived_label",
]
