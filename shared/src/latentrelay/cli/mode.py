"""What the command line refuses beyond the contract: that was typed, and would be without effect. Pure.

The contract cannot tell a default that was typed from one that was not.
"""

from collections.abc import Mapping
from typing import Any

from latentrelay.contracts import Refine, RefineMode
from latentrelay.errors import FieldProblem, InvalidRequest

UNREAD: Mapping[str, frozenset[str]] = {
    RefineMode.NONE: frozenset(Refine.model_fields) - {"mode"},
    RefineMode.IMG2IMG: frozenset({"switch_at"}),
    RefineMode.ENSEMBLE: frozenset({"strength", "num_inference_steps"}),
}
"""The fields of `refine` that each mode does not read."""


def check_given(data: Mapping[str, Any]) -> None:
    """Refuse what was given in `data`, a request as JSON, and says nothing.

    Raises:
        InvalidRequest: a prompt of white space alone, or values that the refine mode does not read.
    """
    if str(data.get("prompt")).isspace():
        raise InvalidRequest.at("prompt", "is nothing but white space")
    mode = mode_of(data)
    unread = [name for name in data.get("refine", ()) if name in UNREAD.get(mode or "", ())]
    if unread:
        raise InvalidRequest([FieldProblem(f"/refine/{name}", f"has no effect with mode {mode}") for name in unread])


def mode_of(data: Mapping[str, Any]) -> str | None:
    """The refine mode that `data` asks for; None where the latents decide."""
    latents, image = data.get("latents"), data.get("image")
    default = None if latents else RefineMode.IMG2IMG if image else RefineMode.ENSEMBLE
    found = data.get("refine", {}).get("mode", default)
    return None if found is None else str(found)
