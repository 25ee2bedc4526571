"""What `doctor` finds of webhooks: judgements over facts. Pure."""

from collections.abc import Sequence

from latentrelay.cli.findings import Finding, Mark
from latentrelay.cli.webhook_tables import is_well
from latentrelay.contracts import WebhookBacklog, WebhookEndpoint

_MANY = 1000  # events that no sender in good health leaves in the outbox


def judge_webhook_key(lacking: str | None) -> Finding:
    """Whether secrets can be sealed; `lacking` says why not. Of a stack elsewhere the others may have the key."""
    if lacking is None:
        return Finding("webhook key", Mark.OK, "secrets of endpoints are sealed")
    mend = "set LATENTRELAY_WEBHOOK_KEY to the same 32 characters or more for all that register and send webhooks"
    return Finding("webhook key", Mark.NOTE, f"no webhooks can be registered or sent: {lacking}", mend)


def judge_webhooks(endpoints: Sequence[WebhookEndpoint], backlog: WebhookBacklog) -> list[Finding]:
    """Whether endpoints take what they are sent, and whether somebody sends at all."""
    found = []
    if unwell := sum(not is_well(endpoint) for endpoint in endpoints):
        told = f"{unwell} of {len(endpoints)} fail, are spared or are disabled"
        found.append(Finding("webhook endpoints", Mark.NOTE, told, "see latentrelay webhooks status"))
    if backlog.outbox > _MANY:
        told, mend = f"{backlog.outbox} events wait to be told", "latentrelay up, or: python -m services.webhooks"
        found.append(Finding("sender of webhooks", Mark.MISSING, told, mend))
    return found or [Finding("webhook endpoints", Mark.OK, f"{len(endpoints)} registered, and all are well")]
