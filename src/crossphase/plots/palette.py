"""One palette for every picture, page and table; safe for the common colour blindnesses."""

from __future__ import annotations

from dataclasses import dataclass, fields

from crossphase.theory.regimes import Regime

__all__ = ["DARK", "LIGHT", "Palette"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by the role they play, as ``#rrggbb``.

    Signal and nuisance, help and harm are the blue/vermillion pair of Okabe and Ito, whose
    lightness differs as well; shapes and words repeat every distinction colour makes.

    Attributes
    ----------
    paper, ink, muted, grid : str
        Background, text, secondary text and rules.
    signal, nuisance, threshold : str
        Components of a spectrum and the noise threshold.
    cloud : str
        Draws of the uncertainty cloud.
    helps, harms : str
        Credible gain and credible harm.
    both, ca_only, cp_only, neither : str
        Backgrounds of the four regimes.
    """

    paper: str
    ink: str
    muted: str
    grid: str
    signal: str
    nuisance: str
    threshold: str
    cloud: str
    helps: str
    harms: str
    both: str
    ca_only: str
    cp_only: str
    neither: str

    def regime(self, regime: Regime) -> str:
        """Background colour of one of the four regimes.

        Examples
        --------
        >>> LIGHT.regime(Regime.BOTH) == LIGHT.both
        True
        """
        return {
            Regime.BOTH: self.both,
            Regime.CA_ONLY: self.ca_only,
            Regime.CP_ONLY: self.cp_only,
            Regime.NEITHER: self.neither,
        }[regime]

    def css_variables(self) -> dict[str, str]:
        """The colours as CSS custom properties.

        Returns
        -------
        dict of str to str
            ``--xp-ROLE`` to ``#rrggbb``.

        Examples
        --------
        >>> LIGHT.css_variables()["--xp-ca-only"]
        '#d6e6f5'
        """
        return {
            f"--xp-{field.name.replace('_', '-')}": getattr(self, field.name)
            for field in fields(self)
        }


LIGHT = Palette(
    paper="#ffffff",
    ink="#1b1f24",
    muted="#57606a",
    grid="#d5dae0",
    signal="#0067a3",
    nuisance="#c24e00",
    threshold="#6e7781",
    cloud="#5c3c92",
    helps="#005f97",
    harms="#b24700",
    both="#d5ece2",
    ca_only="#d6e6f5",
    cp_only="#fbe6c8",
    neither="#e6e8eb",
)
DARK = Palette(
    paper="#12161b",
    ink="#e6eaef",
    muted="#a3adb8",
    grid="#343b44",
    signal="#5cb8ee",
    nuisance="#f6924d",
    threshold="#8f99a4",
    cloud="#b59ae6",
    helps="#63bcf0",
    harms="#fa9a58",
    both="#16392d",
    ca_only="#15344f",
    cp_only="#46330f",
    neither="#272c33",
)
