"""The frozen model every contract is made of, and the ranges that several of them share."""

import re
from typing import Annotated, Any, cast

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic._internal._model_construction import ModelMetaclass  # it has no public name; the version is pinned
from pydantic_core import PydanticCustomError

from latentrelay.contracts.explain import explain
from latentrelay.errors import Contradiction

SEEDS = 2**53  # every seed is exact in a JavaScript number
MAX_PIXELS = 4_000_000
MAX_DATA_URI = 10 * 1024 * 1024


def _written(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value)):
        raise PydanticCustomError("datetime_type", "must be a time")
    return value


Size = Annotated[int, Field(strict=True, ge=64, le=2048, multiple_of=8)]
Pixel = Annotated[int, Field(strict=True, ge=0, le=16384)]
Pair = tuple[Pixel, Pixel]
Steps = Annotated[int, Field(strict=True, ge=1, le=150)]
Guidance = Annotated[float, Field(strict=True, ge=0, le=30)]
Score = Annotated[float, Field(strict=True, ge=0, le=10)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time as RFC 3339 writes it, or a `datetime`; pydantic alone would take seconds since 1970 as well."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Short = Annotated[str, Field(min_length=1, max_length=255)]


class Explained(ModelMetaclass):
    """Construction tells what is wrong in our own words; inside another model pydantic adds the path first."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Construct.

        Raises:
            InvalidRequest: a field is wrong; it names each one, its range and what came.
        """
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise explain(error, cast("type[BaseModel]", self)) from None


class Contract(BaseModel, metaclass=Explained):
    """A frozen model that crosses a process boundary.

    One that is the default of another is made by `model_construct`: validating it would build a validator at import.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        defer_build=True,  # of validators, to their first use: who imports these needs few of them
    )


class Told(Contract):
    """A contract that readers accept with the unknown fields of a later minor version."""

    model_config = ConfigDict(extra="ignore")


def few_enough_pixels(width: int | None, height: int | None) -> None:
    """Refuse a picture of more than `MAX_PIXELS`."""
    if width and height and width * height > MAX_PIXELS:
        pixels = width * height
        raise Contradiction.at(
            "width", f"makes too many pixels with height: {pixels}, at most {MAX_PIXELS} are allowed"
        )
