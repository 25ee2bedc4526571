"""Webhooks: verify them where they arrive; register endpoints and see to their messages where they are sent."""

from latentrelay.webhooks.signing import VerificationError, verify

__all__ = ["VerificationError", "verify"]
