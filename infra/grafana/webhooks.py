"""Do receivers hear? Attempts, their outcomes and their pace, and what waits."""

from infra.grafana.panels import Dashboard, Panel
from infra.grafana.promql import quantile, rate, share

ATTEMPTED = "latentrelay_webhook_attempts_total"

NOW = (
    Panel(
        "Waiting",
        "Events that were not delivered yet.",
        "none",
        {"": "latentrelay:webhook_pending:max"},
        6,
        is_number=True,
    ),
    Panel(
        "Behind",
        "How long the message has been due that has been due longest.",
        "s",
        {"": "latentrelay:webhook_oldest_due_age_seconds:max"},
        6,
        is_number=True,
    ),
    Panel(
        "Delivered",
        "Attempts that a receiver took, of all in 5 min.",
        "percentunit",
        {
            "": share(
                rate('latentrelay_webhook_attempts_total{outcome="delivered"}'),
                rate("latentrelay_webhook_attempts_total"),
            )
        },
        6,
        is_number=True,
    ),
    Panel(
        "Senders",
        "That tell of themselves.",
        "none",
        {"": "count(count by (instance) (latentrelay_webhook_attempts_total))"},
        6,
        is_number=True,
    ),
)

ATTEMPTS = (
    Panel(
        "Attempts",
        "By what came of them.",
        "ops",
        {"{{outcome}}": rate(ATTEMPTED, "outcome")},
        12,
    ),
    Panel(
        "Seconds",
        "Of an attempt, whatever came of it: receivers that are slow.",
        "s",
        {f"p{round(100 * part)}": quantile(part, "latentrelay_webhook_attempt_seconds") for part in (0.5, 0.95, 0.99)},
        12,
    ),
)

BACKLOG = (
    Panel(
        "Waiting",
        "In the outbox, waiting for their time, and in flight.",
        "none",
        {"events": "latentrelay:webhook_pending:max"},
        12,
    ),
    Panel(
        "Behind",
        "How long what is due has been due: it grows where senders do not keep up.",
        "s",
        {"oldest": "latentrelay:webhook_oldest_due_age_seconds:max"},
        12,
    ),
)

WEBHOOKS = Dashboard(
    "latentrelay-webhooks",
    "Latent Relay: webhooks",
    "Attempts, their outcomes and their pace, and what waits.",
    {"Now": NOW, "Attempts": ATTEMPTS, "Backlog": BACKLOG},
)
