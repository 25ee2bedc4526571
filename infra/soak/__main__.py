"""`make soak MINUTES=10 SEED=1`: ends with 1 where a promise was broken, and then keeps everything it made."""

import argparse
import base64
import io
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from infra.soak.campaign import Campaign, drawn
from infra.soak.ending import note_ending
from infra.soak.evidence import Evidence
from infra.soak.ledger import Ledger, entries
from infra.soak.load import Load
from infra.soak.palette import PICTURES, RELAY, Given
from infra.soak.proof import broken
from infra.soak.report import report
from infra.soak.stack import QUICK, SoakStack
from infra.soak.striking import Striking
from infra.soak.witness import Witness, files
from latentrelay import JobStatus
from latentrelay.client import Client
from latentrelay.contracts import WorkerState

MODELS = Path("models/small")
START_SECONDS = 300.0
DRAIN_SECONDS = 600.0
TICK_SECONDS = 0.05


def main() -> None:
    """Run a campaign, prove what became of it."""
    asked = _arguments()
    subprocess.run([sys.executable, "-m", "infra.models", str(MODELS)], check=True)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="latentrelay-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder / "ledger.jsonl")
    campaign = drawn(asked.seed, asked.minutes * 60)
    print(f"soak of {asked.minutes:g} min, seed {asked.seed}, in {folder}:")
    print(f"{len(campaign.orders)} orders, at most {len(campaign.faults)} faults")
    print(f"times cut short: {', '.join(f'{name} {seconds:g}' for name, seconds in QUICK.items())}", flush=True)
    stack = SoakStack(folder, MODELS.absolute())
    with stack.running():
        soak(stack, campaign, ledger)
    evidence = Evidence.of(entries(ledger.file))
    found = broken(evidence)
    if found:
        print(f"every log and the ledger are kept in {folder}")
    elif not asked.folder:
        shutil.rmtree(folder)
    print(report(evidence, found))
    sys.exit(1 if found else 0)


def soak(stack: SoakStack, campaign: Campaign, ledger: Ledger) -> None:
    """One run without faults, one with them, and what is left when all is done."""
    client = Client(stack.direct)
    _start_workers(stack, client)
    given = _reference(client, ledger)
    witness = Witness(client, ledger, given.relay_id)
    load = Load(stack.proxied, campaign.orders, given, witness, ledger)
    striking = Striking(stack, campaign.faults, ledger)
    ledger.note("begun")
    load.start()
    while not (striking.is_over and load.is_over):
        striking.tick()
        time.sleep(TICK_SECONDS)
    until = time.monotonic() + DRAIN_SECONDS
    while witness.waits_for and time.monotonic() < until:  # the proof tells who has not ended by then
        striking.tick()
        time.sleep(TICK_SECONDS)
    witness.stop()
    ledger.note("over")
    print("all is calm; looking at what is left", flush=True)
    note_ending(stack, given.upload_id, ledger)


def _start_workers(stack: SoakStack, client: Client) -> None:
    list(stack.tend())
    until = time.monotonic() + START_SECONDS
    while [worker.state for worker in client.workers()].count(WorkerState.READY) < len(stack.workers):
        if time.monotonic() > until:
            sys.exit("the workers did not start")
        time.sleep(TICK_SECONDS)


def _reference(client: Client, ledger: Ledger) -> Given:
    """Draw every picture once, while nothing goes wrong."""
    image = _image()
    uri = "data:image/png;base64," + base64.b64encode(image).decode()
    given = Given(client.upload(image), uri, "")
    for name, picture in PICTURES.items():
        job = client.wait(client.submit(picture(given)).id, timeout=START_SECONDS)
        if job.status is not JobStatus.SUCCEEDED:
            sys.exit(f"{name} cannot even be drawn without faults: {job.error}")
        ledger.note("reference", picture=name, job_id=job.id, files=files(client, job))
        given = Given(given.upload_id, uri, job.id) if name == RELAY else given
    return given


def _image() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where all lies, and stays; else a temporary one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
