"""`listen`: receive webhooks on this machine."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from latentrelay.cli.options import json_option
from latentrelay.cli.problems import FAILED, USAGE, Ended
from latentrelay.embedded.interruptions import interruptions
from latentrelay.webhooks import VerificationError, verify

if TYPE_CHECKING:
    from latentrelay.cli.receiver import Receiver, Take
    from latentrelay.cli.taking import Webhook


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--secret",
    "secrets",
    metavar="SECRET",
    multiple=True,
    envvar="LATENTRELAY_WEBHOOK_SECRET",
    help="The endpoint's secret whsec_... or its public key whpk_...; repeat it, and one must fit."
    "  [default: LATENTRELAY_WEBHOOK_SECRET]",
)
@click.option("--answer", type=click.IntRange(200, 599), default=204, show_default=True, help="The status to answer.")
@click.option("--fail-first", type=click.IntRange(0), default=0, metavar="N", help="500 to so many attempts of each.")
@click.option("--after", type=click.FloatRange(0, 3600), default=0, metavar="SECONDS", help="Answer not before then.")
@click.option("--retry-after", type=click.IntRange(0), metavar="SECONDS", help="Ask for that with failures.")
@json_option
def listen(
    *,
    port: int,
    host: str,
    secrets: Sequence[str],
    answer: int,
    fail_first: int,
    after: float,
    retry_after: int | None,
    as_json: bool,
) -> None:
    """Receive webhooks on this machine, verify them, and print a line for each, until Ctrl-C.

    One that is not verified is answered with 401. On demand all fail, or are answered late, so that it can be seen how
    they are sent again.
    """
    from latentrelay.cli.taking import Answers, Taking, told  # noqa: PLC0415 -- a server: `--help` does not need it

    _check(secrets)

    def say(webhook: "Webhook", status: int) -> None:
        click.echo(webhook.as_json() if as_json else told(webhook, status))

    take = Taking(secrets, Answers(answer, fail_first, after, retry_after), say)
    with suppress(KeyboardInterrupt), interruptions(), _receiver(host, port, take) as receiver:
        click.echo(_introduction(receiver, host, has_secrets=bool(secrets)), err=as_json)
        receiver.serve_forever()


def _check(secrets: Iterable[str]) -> None:
    """Refuse what is no secret before a webhook comes.

    Raises:
        Ended: it does not repeat it.
    """
    signed = {"webhook-id": "x", "webhook-timestamp": f"{time.time():.0f}", "webhook-signature": "v1,x v1a,x"}
    for secret in secrets:
        try:
            with suppress(VerificationError):
                verify(b"", signed, secret)
        except ValueError as error:
            raise Ended(f"--secret: {error}", USAGE) from None


def _receiver(host: str, port: int, take: "Take") -> "Receiver":
    from latentrelay.cli.receiver import Receiver  # noqa: PLC0415 -- as above

    try:
        return Receiver(host, port, take)
    except OSError as error:
        raise Ended(f"cannot listen at port {port} of {host}: {error.strerror}", FAILED) from None


def _introduction(receiver: "Receiver", host: str, *, has_secrets: bool) -> str:
    lines = [f"listening at {receiver.url} until Ctrl-C"]
    if not has_secrets:
        lines += [
            f"register it: latentrelay webhooks create {receiver.url}",
            f"the stack must allow it: LATENTRELAY_WEBHOOK_ALLOWED_HOSTS='[\"{host}\"]' latentrelay up",
            "nothing is verified: --secret takes the secret that `webhooks create` prints",
        ]
    return "\n".join(lines)
