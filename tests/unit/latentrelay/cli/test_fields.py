from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from latentrelay import Refinement, TextToImage, Variation
from latentrelay.cli.asking import generate, refine, vary
from latentrelay.cli.fields import field_options, nest
from latentrelay.contracts import ImageSource, JobImage

COMMANDS = [(generate, TextToImage), (vary, Variation), (refine, Refinement)]


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields of the contract, read another way than the command reads them: off the annotations."""
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner and inner[0] not in (ImageSource, JobImage):
            yield from leaves(inner[0], (*path, name))
        elif name != "kind":
            yield (*path, name)


@pytest.mark.parametrize(("command", "model"), COMMANDS)
def test_every_field_of_a_contract_is_an_option_of_its_name_or_the_argument(command, model):
    flags = {flag for parameter in command.params for flag in parameter.opts}
    for path in leaves(model):
        flag = "--" + "-".join(path).replace("_", "-")
        assert flag in flags or path[0] in flags, f"{model.__name__}.{'.'.join(path)} has no option {flag}"


@pytest.mark.parametrize("command", [generate, vary, refine])
def test_no_two_options_have_one_name(command):
    flags = [flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize("model", [TextToImage, Variation, Refinement])
def test_every_option_is_described_by_the_docstring_of_its_field(model):
    assert [option.flag for option in field_options(model) if not option.description] == []
    helps = {option.path: option.help for option in field_options(model)}
    assert helps["seed",].startswith(model.model_fields["seed"].description)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--num-inference-steps", "an integer from 1 to 150; default: 30"),
        ("--width", "an integer from 64 to 2048, a multiple of 8"),
        ("--refine-mode", "one of none, ensemble, img2img; default: ensemble"),
        ("--refine-switch-at", "a number from 0.05 to 0.95; default: 0.8"),
        ("--crops-coords-top-left", "2 values, each an integer from 0 to 16384; default: 0x0"),
        ("--output-keep-base", "default: false"),
        ("--webhook-events", "default: succeeded,failed,canceled,expired"),
        ("--deadline", "like 2030-12-31T23:59:00Z"),
    ],
)
def test_the_help_tells_range_and_default(flag, told):
    helps = {option.flag: option.help for option in field_options(TextToImage)}
    assert told in helps[flag]


def test_the_fields_of_the_picture_come_before_those_of_every_job():
    flags = [option.flag for option in field_options(Variation)]
    assert flags.index("--noise-level") < flags.index("--seed")


def test_values_by_path_nest_into_a_request():
    values = {("seed",): 7, ("refine", "mode"): "none", ("refine", "strength"): 0.5}
    assert nest(values) == {"seed": 7, "refine": {"mode": "none", "strength": 0.5}}
