"""`make demo`: runs the main job and writes what it made to out/demo. PROMPT=... draws something else."""

import os
import subprocess
import sys
from pathlib import Path

from infra.demo.drawers import SMALL_MODELS, Drawers, drawers
from infra.demo.sheet import Panel, contact_sheet
from infra.demo.stack import own_settings, running
from latentrelay import ImageSource, Job, JobImage, JobStatus, RelayOutput, Role, TextToImage, Variation
from latentrelay.cli.models import miniatures_here
from latentrelay.client import Client
from latentrelay.contracts import StageTiming

OUT = Path("out/demo")
SEED = 7


def main() -> None:
    """Run the demo."""
    OUT.mkdir(parents=True, exist_ok=True)
    settings = own_settings(OUT / "data")
    chosen = drawers(settings, miniatures_here())
    if chosen.folder == SMALL_MODELS:
        subprocess.run([sys.executable, "-m", "infra.models", str(SMALL_MODELS)], check=True)
    prompt = os.environ.get("PROMPT") or chosen.prompt
    print("Starting the stack: Valkey, SeaweedFS, three stage workers ...")
    with running(settings, chosen.folder) as client:
        panels = draw(client, prompt, chosen)
    sheet = OUT / "contact-sheet.png"
    sheet.write_bytes(contact_sheet(f"{prompt!r}, seed {SEED}", panels))
    print(f"\nThe pictures lie in {OUT}/, side by side in {sheet}.", *chosen.told, sep="\n")


def draw(client: Client, prompt: str, chosen: Drawers) -> list[Panel]:
    """Base and refined by `prompt`, then variations: one of the picture alone, one that another prompt steers."""
    text = TextToImage(prompt=prompt, seed=SEED, output=RelayOutput(keep_base=True))
    relay = done(client, text)
    image = ImageSource(job=JobImage(job_id=relay.id))
    plain = Variation(image=image, seed=SEED, guidance_scale=chosen.guidance)
    steered = plain.model_copy(update={"prompt": chosen.steering, "noise_level": chosen.noise_level})
    drawn = f"{text.num_inference_steps} steps, guidance {text.guidance_scale}, {text.scheduler}"
    varied = f"{plain.num_inference_steps} steps, guidance {plain.guidance_scale}, noise level"
    return [
        panel(client, relay, "base", f"the base alone: {drawn}", Role.BASE),
        panel(client, relay, "refined", f"{text.refine.mode}, switched at {text.refine.switch_at}: {drawn}"),
        panel(
            client, done(client, plain), "variation", f"of the refined image, no prompt: {varied} {plain.noise_level}"
        ),
        panel(
            client,
            done(client, steered),
            "variation-prompted",
            f"of the refined image, by {chosen.steering!r}: {varied} {steered.noise_level}",
        ),
    ]


def done(client: Client, request: TextToImage | Variation) -> Job:
    """The job that `request` makes, when it has succeeded; its timings are printed."""
    job = client.wait(client.submit(request).id, timeout=600)
    if job.status is not JobStatus.SUCCEEDED:
        sys.exit(f"{job.kind} {job.status}: {job.error.detail if job.error else ''}")
    print(f"\n{job.kind} {job.id}")
    for timing in job.metrics.stages:
        print(f"  {timing_line(timing, first=timing is job.metrics.stages[0])}")
    return job


def timing_line(timing: StageTiming, *, first: bool) -> str:
    """How long a stage waited or was handed over, and what it spent its time on."""
    waited = "queued" if first else "handoff"
    phases = ", ".join(f"{phase} {seconds * 1000:.0f} ms" for phase, seconds in timing.phases.items())
    took = timing.duration.total_seconds()
    return f"{waited} {timing.waited.total_seconds() * 1000:4.0f} ms | {timing.stage:<16} {took:6.2f} s ({phases})"


def panel(client: Client, job: Job, name: str, parameters: str, role: Role = Role.FINAL) -> Panel:
    """Write an image of a job to its file, and put it on the sheet."""
    data = client.download(job.id, role=role)
    (OUT / f"{name}.png").write_bytes(data)
    return Panel(data, name.replace("-", ", "), parameters)


if __name__ == "__main__":
    main()
