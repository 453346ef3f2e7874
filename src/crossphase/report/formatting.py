"""How numbers are written; see :mod:`crossphase.results.formatting`."""

from crossphase.results.formatting import probability

__all__ = ["probability"]
