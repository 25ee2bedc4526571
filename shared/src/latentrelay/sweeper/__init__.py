"""Retention: what has had its time is removed, nothing that a live job makes or reads is, and an audit proves both."""

from latentrelay.sweeper.audit import Audit, Holding
from latentrelay.sweeper.ownership import FOREIGN, WAY_OUT, Ownership
from latentrelay.sweeper.sweeper import Sweeper
from latentrelay.sweeper.swept import Swept

__all__ = ["FOREIGN", "WAY_OUT", "Audit", "Holding", "Ownership", "Sweeper", "Swept"]
