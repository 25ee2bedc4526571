"""Many images at once, on an event loop: `python examples/generate_async.py [FOLDER]`.

LATENTRELAY_URL names the gateway, LATENTRELAY_API_KEY the key, where it wants one.
"""

import asyncio
import sys
from pathlib import Path

from latentrelay import JobStatus, Refine, RefineMode, TextToImage
from latentrelay.http import AsyncHttpClient


async def draw(client: AsyncHttpClient, prompt: str, file: Path) -> None:
    """Draw `prompt` by the base alone, into `file`."""
    job = await client.submit(TextToImage(prompt=prompt, refine=Refine(mode=RefineMode.NONE)))
    job = await client.wait(job.id)
    if job.status is not JobStatus.SUCCEEDED:
        raise RuntimeError(f"{job.status}: {job.error and job.error.detail}")
    file.write_bytes(await client.download(job.id))
    print(file, flush=True)


async def main(folder: Path) -> None:
    """Draw one picture of each hour."""
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncHttpClient() as client:
        hours = ("dawn", "noon", "dusk")
        await asyncio.gather(*(draw(client, f"a lighthouse at {hour}", folder / f"{hour}.png") for hour in hours))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out")))
