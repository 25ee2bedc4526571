"""`make bench`: measures, and writes the table to docs/benchmarks.md."""

import argparse
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from infra.bench import deliveries, door

PAGE = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

Written by `make bench`; all rows of a table are of one run on one machine, one after the other. Compare rows, not runs.

Machine: {machine}, {cores} cores shared by everything that runs here: Valkey, SeaweedFS, the gateway (one process), two
echo workers (real Celery workers whose stages draw nothing), and what makes the load. {date}.

## The door

Submissions come at a steady rate whether or not earlier ones were answered; latency counts from when one was due.
The workers take 0.4 s a stage, waiting as for a device. Readers follow the events of a job of their own to its end,
then those of the next. The gateway keeps to one core, as it does by itself, but for the last row.

{door}

## Webhooks

Rows lie in the outbox when the sender starts: it relays, signs, sends and settles, and a receiver in another process
answers 204; all on the cores above, Valkey too. Bytes are of Redis, an event.

{deliveries}
"""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--per-second", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--events", type=int, default=20_000)
    asked = parser.parse_args()
    told = deliveries.measure(asked.events)
    found = door.measure(asked.per_second, asked.seconds)
    page = HEAD.format(
        machine=platform.machine(),
        cores=os.cpu_count(),
        date=datetime.now(UTC).date().isoformat(),
        door=door.table(found, asked.per_second),
        deliveries=deliveries.table(told),
    )
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
