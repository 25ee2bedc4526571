"""The only door to URLs that somebody else wrote: one resolution, public addresses only, no redirects, one deadline.

Port policy: 443 and 8443 anywhere; any port at a host or network that the operator allowed. Plain http only at a host
allowed by its exact name. A request can allow nothing.
"""

from latentrelay.egress.addresses import is_public
from latentrelay.egress.fetching import check, check_url, fetch
from latentrelay.egress.guard import Guard
from latentrelay.egress.posting import Posted, post
from latentrelay.egress.target import Allowed, Target, canonical, parse_target, refusal

__all__ = [
    "Allowed",
    "Guard",
    "Posted",
    "Target",
    "canonical",
    "check",
    "check_url",
    "fetch",
    "is_public",
    "parse_target",
    "post",
    "refusal",
]
