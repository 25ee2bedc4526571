"""What a gateway tells of itself."""

from latentrelay.contracts import Kind
from latentrelay.errors import ErrorCode
from latentrelay.metrics.metric import Label, Metric, MetricType, Teller

ACCEPTED = "accepted"
_GATEWAY = (Teller.GATEWAY,)
_ROUTE = Label("route", meaning="the templates of the paths that are served, and `none`")

JOBS_SUBMITTED = Metric(
    "jobs_submitted_total",
    MetricType.COUNTER,
    "Submissions, by what became of them: accepted, or the code of the refusal.",
    _GATEWAY,
    (Label.of("kind", Kind), Label.of("result", (ACCEPTED,), ErrorCode)),
)
HTTP_REQUESTS = Metric(
    "http_requests_total",
    MetricType.COUNTER,
    "Requests by route; `none` is every path that is none of ours.",
    _GATEWAY,
    (
        Label("method", meaning="HTTP's own methods, and `other`"),
        _ROUTE,
        Label("status", meaning="HTTP's status codes"),
    ),
)
HTTP_RESPONSE_START_SECONDS = Metric(
    "http_response_start_seconds",
    MetricType.HISTOGRAM,
    "From the request to the first byte of its answer, by route.",
    _GATEWAY,
    (_ROUTE,),
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

GATEWAY = (JOBS_SUBMITTED, HTTP_REQUESTS, HTTP_RESPONSE_START_SECONDS)
