"""What tests ask of OpenAI's client, and find of it in the stack."""

from latentrelay.client import Client
from latentrelay.contracts import Job

PROMPT = "a lighthouse"
PICTURE = ("picture.png", b"echo reads no pixels", "image/png")
LONG = {"steps": "1000", "step_seconds": "0.1"}
"""Metadata of a job that lasts."""


def newest(client: Client) -> Job:
    return client.list(limit=1).jobs[0]


def named(client: Client, reference: str) -> list[Job]:
    """The jobs that a reference of somebody's names."""
    return [job for job in client.list(limit=250).jobs if job.request.client_reference == reference]
