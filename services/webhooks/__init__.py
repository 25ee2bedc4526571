"""Sends webhooks: a plain process beside the gateway, without model code."""
