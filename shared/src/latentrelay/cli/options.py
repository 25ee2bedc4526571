"""The options of the commands: those that a contract's fields make, and those that several commands share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from latentrelay.cli.fields import FieldOption, Shape, field_options, nest
from latentrelay.cli.mode import check_given
from latentrelay.cli.problems import USAGE, Ended, problem_lines
from latentrelay.cli.values import join_pairs, read_value
from latentrelay.contracts import parse_request
from latentrelay.contracts.job_request import JobRequest
from latentrelay.errors import InvalidRequest
from latentrelay.settings import Settings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

data_option: Decorator = click.option(
    "--data",
    metavar="DIR",
    help="Folder of the stack's data. "
    f"[default: LATENTRELAY_DATA_DIR, else {Settings.model_fields['data_dir'].default}]",
)
json_option: Decorator = click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")


def out_option(without: str) -> Decorator:
    """`-o`; `without` says what is written where it is not given."""
    told = "Write the image to this file (several: with -0, -1 before the suffix), or all images into a folder (DIR/)."
    return click.option("-o", "--out", metavar="PATH", help=f"{told} {without}")


request_out_option = out_option("Without it: ID-0.png and so on in the current folder; with --json no file.")
show_out_option = out_option("Without it: no file.")
models_option: Decorator = click.option(
    "--models", metavar="DIR", help="Take the models from sdxl_base, sdxl_refiner and unclip in this folder."
)
no_wait_option: Decorator = click.option("--no-wait", is_flag=True, help="Print the job's id and do not wait for it.")


class RequestCommand(click.Command):
    """A command whose options are the fields of `contract`, save those that its arguments stand for."""

    def __init__(self, *args: Any, contract: type[JobRequest], arguments: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contract = contract
        self.fields = tuple(field for field in field_options(contract) if field.path[0] not in arguments)
        self.params += map(click_option, self.fields)

    def request(self, ctx: click.Context, **more: Any) -> Any:
        """The request that the options and `more` make.

        Raises:
            InvalidRequest: a field is wrong.
        """
        data = given(self.fields, ctx.params) | more
        check_given(data)
        return parse_request(data | {"kind": self.contract.model_fields["kind"].default})

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what is wrong with the request is told in the words of the command line."""
        try:
            return super().invoke(ctx)
        except InvalidRequest as error:
            raise Ended("\n".join(problem_lines(error, self.fields)), USAGE) from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Two numbers after an option that takes a pair are one value."""
        pairs = frozenset(field.flag for field in self.fields if field.shape is Shape.PAIR)
        return super().parse_args(ctx, join_pairs(args, pairs))


def click_option(field: FieldOption) -> click.Option:
    """The option that sets `field`. The contract checks its value, not click."""
    if field.shape is Shape.FLAG:
        return click.Option([f"{field.flag}/--no-{field.flag[2:]}", field.key], default=None, help=field.help)
    multiple = field.shape in (Shape.LIST, Shape.ENTRIES)
    return click.Option([field.flag, field.key], type=str, multiple=multiple, metavar=_metavar(field), help=field.help)


def _metavar(field: FieldOption) -> str:
    by_shape = {Shape.PAIR: "NxN", Shape.ENTRIES: "KEY=VALUE", Shape.JOB_IMAGE: "JOB[:INDEX]", Shape.LIST: "NAME"}
    by_type = {"integer": "N", "number": "NUMBER"}.get(field.schema.get("type", ""), "TEXT")
    return by_shape.get(field.shape, "NAME" if "enum" in field.schema else by_type)


def given(fields: Iterable[FieldOption], params: Mapping[str, Any]) -> dict[str, Any]:
    """The request as JSON that the options in `params` make; what was not given is left out."""
    used = [field for field in fields if params.get(field.key) not in (None, ())]
    return nest({field.path: read_value(field, params[field.key]) for field in used})
