"""The spiked model and its closed forms."""

from crossphase.theory.regimes import Objective, Regime, regime_of

__all__ = ["Objective", "Regime", "regime_of"]
