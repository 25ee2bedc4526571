"""Text to image, then variations of what was drawn: `python examples/generate.py [FOLDER]`.

LATENTRELAY_URL names the gateway, LATENTRELAY_API_KEY the key, where it wants one.
"""

import sys
from pathlib import Path

from latentrelay import ImageSource, JobEvent, TextToImage, Variation
from latentrelay.http import HttpClient


def tell(event: JobEvent) -> None:
    """Print what happened."""
    done = f" {event.progress.step}/{event.progress.steps}" if event.progress else ""
    print(f"{event.type}{done}", flush=True)


def main(folder: Path) -> None:
    """Draw a lighthouse, refined; then two variations of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with HttpClient() as client:
        job = client.submit(TextToImage(prompt="a lighthouse on a cliff at dawn", seed=7))
        client.wait(job.id, on_event=tell)
        drawn = client.download(job.id)
        (folder / "lighthouse.png").write_bytes(drawn)

        image = ImageSource(upload_id=client.upload(drawn))  # any image file of yours will do
        varied = client.wait(client.submit(Variation(image=image, num_images_per_prompt=2)).id)
        for told in varied.images:
            (folder / f"variation-{told.index}.png").write_bytes(client.download(varied.id, told.index))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
