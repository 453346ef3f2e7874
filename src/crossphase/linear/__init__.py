"""The linear objectives as scikit-learn estimators, over the same spectra as the diagnosis."""

from crossphase.linear.alignment import CrossAlignment
from crossphase.linear.joint import JointObjective
from crossphase.linear.prediction import CrossPrediction
from crossphase.linear.probe import AlignedProbe

__all__ = ["AlignedProbe", "CrossAlignment", "CrossPrediction", "JointObjective"]
