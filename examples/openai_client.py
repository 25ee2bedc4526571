"""The unmodified `openai` client (`pip install openai`): `python examples/openai_client.py [FOLDER]`.

LATENTRELAY_URL names the gateway, LATENTRELAY_API_KEY the key, where it wants one.
"""

import base64
import os
import sys
from pathlib import Path

from openai import OpenAI
from openai.types import ImagesResponse


def save(answer: ImagesResponse, file: Path) -> None:
    """Write the first image of `answer` into `file`."""
    images = answer.data or []
    file.write_bytes(base64.b64decode(images[0].b64_json or ""))
    print(file, flush=True)


def main(folder: Path) -> None:
    """An image, a variation of it, and a refined one."""
    folder.mkdir(parents=True, exist_ok=True)
    client = OpenAI(
        base_url=os.environ.get("LATENTRELAY_URL", "http://127.0.0.1:8000") + "/v1",
        api_key=os.environ.get("LATENTRELAY_API_KEY", "none needed here"),
    )
    ours = {"seed": 7, "num_inference_steps": 30}  # fields of Latent Relay's own
    drawn = client.images.generate(prompt="a lighthouse at dawn", response_format="b64_json", extra_body=ours)
    save(drawn, folder / "image.png")
    with (folder / "image.png").open("rb") as image:
        save(client.images.create_variation(image=image, response_format="b64_json"), folder / "variation.png")
    with (folder / "image.png").open("rb") as image:
        refined = client.images.edit(
            image=image, prompt="a lighthouse, sharp", response_format="b64_json", extra_body={"strength": 0.3}
        )
    save(refined, folder / "refined.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
