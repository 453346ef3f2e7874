"""Spectra of the three objectives, from moments only."""

from crossphase.spectra.decompose import Spectrum, cca, objective_spectra, pls, regression
from crossphase.spectra.ranks import minimum_shared_rank

__all__ = [
    "Spectrum",
    "cca",
    "minimum_shared_rank",
    "objective_spectra",
    "pls",
    "regression",
]
