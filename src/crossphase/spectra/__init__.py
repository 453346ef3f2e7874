"""Spectra of the three objectives, from moments only."""

from crossphase.spectra.decompose import Spectrum, cca, objective_spectra, pls, regression

__all__ = ["Spectrum", "cca", "objective_spectra", "pls", "regression"]
