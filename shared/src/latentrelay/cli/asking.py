"""`generate`, `vary` and `refine`: make a request of the options, submit it, wait, hand over."""

import sys
from pathlib import Path
from typing import Any

import click

from latentrelay.cli.connection import client_of
from latentrelay.cli.following import check_out, follow, hand_over
from latentrelay.cli.naming import format_of
from latentrelay.cli.options import RequestCommand, data_option, json_option, no_wait_option, request_out_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.source import holds_image, read_source
from latentrelay.contracts import ImageSource, Refinement, TextToImage, Variation

_PENDING = {"upload_id": "pending"}  # stands for an upload that is made once the rest of the request is right


@click.command(cls=RequestCommand, contract=TextToImage, arguments=frozenset({"prompt"}))
@click.argument("prompt")
@request_out_option
@json_option
@no_wait_option
@data_option
def generate(prompt: str, **_: Any) -> None:
    """Draw PROMPT by SDXL: base, then refiner. `-` reads the prompt from standard input."""
    text = sys.stdin.read().strip() if prompt == "-" else prompt
    _ask(None, prompt=text)


@click.command(cls=RequestCommand, contract=Variation, arguments=frozenset({"image"}))
@click.argument("image")
@request_out_option
@json_option
@no_wait_option
@data_option
def vary(image: str, **_: Any) -> None:
    """Draw variations of IMAGE by Stable unCLIP.

    IMAGE is a file (`-` for standard input), an https URL, job:ID or job:ID:INDEX, or upload:ID.
    """
    _ask(image)


@click.command(cls=RequestCommand, contract=Refinement, arguments=frozenset({"image"}))
@click.argument("image", required=False)
@request_out_option
@json_option
@no_wait_option
@data_option
def refine(image: str | None, latents: str | None, **_: Any) -> None:
    """Refine IMAGE, or the latents of a job, by SDXL.

    The refiner runs alone; with --latents the base is not paid for again.

    IMAGE is a file (`-` for standard input), an https URL, job:ID or job:ID:INDEX, or upload:ID.
    """
    if (image is None) == (latents is None):
        raise Ended("IMAGE: needs exactly one of IMAGE, --latents", USAGE)
    _ask(image)


def _ask(image: str | None, **fields: Any) -> None:
    ctx = click.get_current_context()
    options = ctx.params
    out, as_json, no_wait = options["out"], options["as_json"], options["no_wait"]
    if out and no_wait:
        raise Ended("--out has nothing to write with --no-wait; fetch the images later by `show --out`", USAGE)
    check_out(out)
    options["output__format"] = format_of(out, options["output__format"])
    source = None if image is None else read_source(image)
    data = _read(source) if isinstance(source, Path) else None
    if source is not None:
        fields["image"] = source if data is None else _PENDING
    request = _command(ctx).request(ctx, **fields)
    with client_of(options["data"]) as client:
        if data is not None:
            request = request.model_copy(update={"image": ImageSource(upload_id=client.upload(data))})
        job = client.submit(request)
        if no_wait:
            click.echo(job.model_dump_json(indent=2) if as_json else job.id)
        else:
            hand_over(client, follow(client, job), out=out, as_json=as_json)
            if not as_json:
                click.echo(f"job {job.id}", err=True)


def _command(ctx: click.Context) -> RequestCommand:
    assert isinstance(ctx.command, RequestCommand)  # noqa: S101 -- the commands above; for the type checker
    return ctx.command


def _read(file: Path) -> bytes:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Ended(f"IMAGE: {file}: {error.strerror}", USAGE) from None
    if not holds_image(data):
        raise Ended("IMAGE: is no PNG, JPEG or WebP file", USAGE)
    return data
