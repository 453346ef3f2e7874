"""Sample sizes: how many more pairs and labels would settle a verdict."""

from crossphase.planning.plan import plan

__all__ = ["plan"]
