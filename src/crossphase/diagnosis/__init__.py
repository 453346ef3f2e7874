"""Estimators of the regime, and the verdict made of what they find."""

from crossphase.diagnosis.diagnose import diagnose
from crossphase.diagnosis.published import PublishedEstimate, estimate_published
from crossphase.diagnosis.published_parts import PublishedParts, published_diagnosis_parts
from crossphase.diagnosis.published_readoffs import PublishedDecomposition, PublishedReadoffs

__all__ = [
    "PublishedDecomposition",
    "PublishedEstimate",
    "PublishedParts",
    "PublishedReadoffs",
    "diagnose",
    "estimate_published",
    "published_diagnosis_parts",
]
