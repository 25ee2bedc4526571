"""The Lua scripts of the webhooks: each a file of its own, behind the ground and the queue."""

from latentrelay.jobs.scripts import Library

WEBHOOKS = Library("latentrelay.webhooks", (("latentrelay.jobs", "ground"), ("latentrelay.webhooks", "queue")))
