"""Which components are signal and which are nuisance, from what labels say of their scores."""

from crossphase.attribution.classifiers import elbow, elbow_log, permutation_test
from crossphase.attribution.component_r2 import ComponentR2, component_r2
from crossphase.attribution.published_folds import FoldStatistics

__all__ = [
    "ComponentR2",
    "FoldStatistics",
    "component_r2",
    "elbow",
    "elbow_log",
    "permutation_test",
]
