"""The producer's door, straight to Redis and the store: for services that are trusted with both."""

from latentrelay.client.client import Client, Submission

__all__ = ["Client", "Submission"]
