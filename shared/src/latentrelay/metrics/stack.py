"""What Redis knows of a whole stack. Each of its gateways tells the same: a query takes the `max` of them, no sum."""

from latentrelay.contracts import DeadKind, JobStatus, Kind, StageName
from latentrelay.errors import ErrorCode
from latentrelay.metrics.metric import Label, Metric, MetricType, Teller

NO_ERROR = "none"
ENDS = tuple(status for status in JobStatus if status.is_terminal)
_STACK = (Teller.STACK,)
_STAGE = (Label.of("stage", StageName),)

QUEUE_DEPTH = Metric(
    "queue_depth",
    MetricType.GAUGE,
    "Jobs that wait for a stage, whether or not any could be claimed now.",
    _STACK,
    _STAGE,
)
QUEUE_OLDEST_MESSAGE_TIMESTAMP_SECONDS = Metric(
    "queue_oldest_message_timestamp_seconds",
    MetricType.GAUGE,
    "Since when the job that has waited longest waits, in seconds since 1970; 0 where none does.",
    _STACK,
    _STAGE,
)
QUEUE_IN_FLIGHT = Metric("queue_in_flight", MetricType.GAUGE, "Jobs of a stage that workers hold.", _STACK, _STAGE)
QUEUE_WORK_SECONDS = Metric(
    "queue_work_seconds",
    MetricType.GAUGE,
    "What could be claimed now of what waits for a stage, and what is left of what workers hold, at the pace "
    "measured lately: the seconds that one worker would take for all of it, however many there are. Divide it by "
    "the seconds that one worker may have before it, and it is how many are wanted. What is held back by a pause, "
    "or by a next stage that is full, asks for no worker. Absent while there is work and the stage has never done "
    "any.",
    _STACK,
    _STAGE,
)
QUEUE_CONSUMERS = Metric(
    "queue_consumers", MetricType.GAUGE, "Workers of a stage that have their model and take jobs.", _STACK, _STAGE
)
JOBS_FINISHED = Metric(
    "jobs_finished_total",
    MetricType.COUNTER,
    "Jobs that have ended, each counted once in the step that ends it, whoever does; `none` where there is no error.",
    _STACK,
    (Label.of("kind", Kind), Label.of("status", ENDS), Label.of("error_code", (NO_ERROR,), ErrorCode)),
)
DEAD_LETTERS_TOTAL = Metric(
    "dead_letters_total",
    MetricType.COUNTER,
    "Jobs that used up their attempts, and messages that nobody could read.",
    _STACK,
    (Label.of("what", DeadKind),),
)
DEAD_LETTERS = Metric(
    "dead_letters", MetricType.GAUGE, "Dead letters that are kept now, until somebody deals with them.", _STACK
)
WEBHOOK_PENDING = Metric(
    "webhook_pending",
    MetricType.GAUGE,
    "Events that were not delivered yet, in the outbox, waiting and in flight.",
    _STACK,
)
WEBHOOK_OLDEST_DUE_TIMESTAMP_SECONDS = Metric(
    "webhook_oldest_due_timestamp_seconds",
    MetricType.GAUGE,
    "Since when the message that has been due longest is due, at an endpoint that may be sent to; 0 where none is.",
    _STACK,
)

STACK = (
    QUEUE_DEPTH,
    QUEUE_OLDEST_MESSAGE_TIMESTAMP_SECONDS,
    QUEUE_IN_FLIGHT,
    QUEUE_WORK_SECONDS,
    QUEUE_CONSUMERS,
    JOBS_FINISHED,
    DEAD_LETTERS_TOTAL,
    DEAD_LETTERS,
    WEBHOOK_PENDING,
    WEBHOOK_OLDEST_DUE_TIMESTAMP_SECONDS,
)
