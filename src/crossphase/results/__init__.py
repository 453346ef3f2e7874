"""Result types: frozen, and read by plots, reports and the command line."""

from crossphase.results.atlas import Addition, Atlas, AtlasPair, ModalityRow, Ratio
from crossphase.results.components import ComponentRow, StabilityRow
from crossphase.results.diagnosis import DataSummary, Diagnosis
from crossphase.results.drivers import Driver
from crossphase.results.fitted import FittedLoadings, FittedModel, LeftOut
from crossphase.results.outlook import OutlookRow, Recommendation
from crossphase.results.plan import Plan, PlanCase, PlanOption, PlanRow
from crossphase.results.separation import Interval, Separation

__all__ = [
    "Addition",
    "Atlas",
    "AtlasPair",
    "ComponentRow",
    "DataSummary",
    "Diagnosis",
    "Driver",
    "FittedLoadings",
    "FittedModel",
    "Interval",
    "LeftOut",
    "ModalityRow",
    "OutlookRow",
    "Plan",
    "PlanCase",
    "PlanOption",
    "PlanRow",
    "Ratio",
    "Recommendation",
    "Separation",
    "StabilityRow",
]
