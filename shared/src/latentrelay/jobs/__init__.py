"""A job's state, claims and event stream in Redis. The record is the truth, a message is a hint, the claim decides."""

from latentrelay.jobs.backlog import Backlog
from latentrelay.jobs.claims import Answer, Claim, Claims, LostAttempt
from latentrelay.jobs.connection import UNREACHABLE, RedisClient, connect
from latentrelay.jobs.counts import counts
from latentrelay.jobs.dead import DeadLetters, bury_message
from latentrelay.jobs.door import door
from latentrelay.jobs.feed import News
from latentrelay.jobs.happenings import Happened
from latentrelay.jobs.jobs import Jobs
from latentrelay.jobs.outlooks import Outlooks
from latentrelay.jobs.pages import JobPage
from latentrelay.jobs.policy import Limits, Order
from latentrelay.jobs.scripts import Scripts, willing
from latentrelay.jobs.stages import Stages
from latentrelay.jobs.tally import Tally, tally
from latentrelay.jobs.workers import Workers

__all__ = [
    "UNREACHABLE",
    "Answer",
    "Backlog",
    "Claim",
    "Claims",
    "DeadLetters",
    "Happened",
    "JobPage",
    "Jobs",
    "Limits",
    "LostAttempt",
    "News",
    "Order",
    "Outlooks",
    "RedisClient",
    "Scripts",
    "Stages",
    "Tally",
    "Workers",
    "bury_message",
    "connect",
    "counts",
    "door",
    "tally",
    "willing",
]
