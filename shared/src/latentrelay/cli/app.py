"""The group of commands, and how each error ends it."""

from importlib.metadata import version
from typing import Any, NoReturn

import click

from latentrelay.cli.asking import generate, refine, vary
from latentrelay.cli.dead import dead
from latentrelay.cli.doctor import doctor
from latentrelay.cli.keys import keys
from latentrelay.cli.listen import listen
from latentrelay.cli.looking import cancel, jobs, show
from latentrelay.cli.problems import Ended, exit_code
from latentrelay.cli.stages import stages
from latentrelay.cli.sweep import sweep
from latentrelay.cli.up import up
from latentrelay.cli.webhooks import webhooks
from latentrelay.errors import LatentRelayError


class Commands(click.Group):
    """Ends with the code of the error that a command raised."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LatentRelayError as error:
            _end(ctx, error.detail, exit_code(error))
        except Ended as error:
            _end(ctx, str(error), error.code)


def _end(ctx: click.Context, message: str, code: int) -> NoReturn:
    for line in message.splitlines():
        click.echo(f"latentrelay: {line}", err=True)
    ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("latentrelay"), prog_name="latentrelay")
def main() -> None:
    """Text to images with SDXL, base then refiner, and images to variations with Stable unCLIP.

    Exit codes: 0 done; 1 the job failed, was canceled or expired, or something is missing; 2 wrong input; 69 no stack
    can be reached; 130 Ctrl-C.
    """


for _command in (up, generate, vary, refine, jobs, show, cancel, stages, dead, sweep, keys, webhooks, listen, doctor):
    main.add_command(_command)
