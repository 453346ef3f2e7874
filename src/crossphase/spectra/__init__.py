"""Spectra of the three objectives, from moments only."""

from crossphase.spectra.decompose import Spectrum, cca, pls, regression

__all__ = ["Spectrum", "cca", "pls", "regression"]
