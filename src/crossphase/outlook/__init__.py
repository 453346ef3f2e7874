"""What each objective's codes would be worth on held-out rows."""

from crossphase.outlook.crossfit import Outlook, compute_outlook

__all__ = ["Outlook", "compute_outlook"]
