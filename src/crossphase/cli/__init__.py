"""The ``crossphase`` command."""

from crossphase.cli.app import main

__all__ = ["main"]
