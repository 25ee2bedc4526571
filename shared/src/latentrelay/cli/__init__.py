"""The `latentrelay` command: thin commands over `latentrelay.client.Client`; pure functions make what they print."""

from latentrelay.cli.app import main

__all__ = ["main"]
