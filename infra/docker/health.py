#!/usr/bin/python3 -I
"""health gateway|webhooks|worker|alive: asks a process of this container itself how it is, never by way of Redis.

The gateway is asked at /livez, the sender of webhooks for its metrics, a worker by its pulse, a file that is named by
LATENTRELAY_WORKER_PULSE: `worker` is whether it serves, `alive` whether it beats at all, as it does while it loads its
model again. Ends with 1 where it does not work, and says why. Standard library alone, and little of it: a
check that computes for a second is the first to fail where a machine has much to do.
"""

import json
import os
import sys
import time
from pathlib import Path

ANSWER_SECONDS = 5.0
STILL_SECONDS = 60.0
"""Without a beat for so long a worker has stopped: one that waits for a Redis that hangs beats every 15 s."""


def ailment(process: str) -> str | None:
    """Why `process` does not work; None where it does."""
    if process == "gateway":
        return silence(int(os.environ.get("LATENTRELAY_GATEWAY_PORT", "8000")), "/livez")
    if process == "webhooks":
        return silence(int(os.environ.get("LATENTRELAY_WEBHOOK_METRICS_PORT", "9101")), "/metrics")
    pulse = Path(os.environ["LATENTRELAY_WORKER_PULSE"])
    return stillness(pulse) if process == "alive" else stillness(pulse) or unfitness(pulse)


def silence(port: int, path: str) -> str | None:
    """Why nothing good is answered there; None where something is."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 -- a worker's check does without

    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"port {port} does not answer ({type(error).__name__})"
    return None if status == 200 else f"port {port} answers {status}"  # noqa: PLR2004 -- HTTP's OK


def stillness(pulse: Path) -> str | None:
    """Why the worker is taken for dead that beats in the file `pulse`; None where it lives, whatever it does."""
    try:
        silent_seconds = time.time() - pulse.stat().st_mtime
    except OSError:
        return f"there is no pulse in {pulse}"
    return f"no sign of life for {silent_seconds:.0f} s" if silent_seconds > STILL_SECONDS else None


def unfitness(pulse: Path) -> str | None:
    """Why the worker does not serve that beats in the file `pulse`; None where it does.

    One that waits for Redis or the store serves: to end it would help nobody. So does one that drains.
    """
    try:
        told = json.loads(pulse.read_text(encoding="utf-8"))
        state, detail = told["state"], told["detail"]
    except (OSError, ValueError, KeyError):
        return f"there is no pulse in {pulse}"
    if state in ("loading", "failed"):
        return f"{state}: {detail}" if detail else str(state)
    return None


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("gateway", "webhooks", "worker", "alive"):  # noqa: PLR2004 -- itself and one word
        sys.exit("usage: health gateway|webhooks|worker|alive")
    found = ailment(sys.argv[1])
    print(found or "ok")
    sys.exit(1 if found else 0)
