"""Which components are signal and which are nuisance, from what labels say of their scores."""

from crossphase.attribution.classifiers import elbow, elbow_log, permutation_test
from crossphase.attribution.component_r2 import ComponentR2, component_r2
from crossphase.attribution.label_evidence import LabelEvidence, label_evidence
from crossphase.attribution.published_folds import FoldStatistics
from crossphase.attribution.signal_sets import (
    SignalSets,
    chance_leak,
    draw_rotations,
    label_leak,
    leak_variance,
    signal_sets,
)

__all__ = [
    "ComponentR2",
    "FoldStatistics",
    "LabelEvidence",
    "SignalSets",
    "chance_leak",
    "component_r2",
    "draw_rotations",
    "elbow",
    "elbow_log",
    "label_evidence",
    "label_leak",
    "leak_variance",
    "permutation_test",
    "signal_sets",
]
