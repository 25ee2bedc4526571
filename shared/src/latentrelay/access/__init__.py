"""Who may ask: API keys, hashed at rest, with scopes and quotas."""

from latentrelay.access.admission import Admission, AskedTooOften
from latentrelay.access.keys import Keys

__all__ = ["Admission", "AskedTooOften", "Keys"]
