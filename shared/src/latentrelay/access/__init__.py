"""Who may ask: API keys, hashed at rest, with scopes and quotas."""

from latentrelay.access.keys import Admission, Keys

__all__ = ["Admission", "Keys"]
