"""Errors as lines for the terminal, and as exit codes (69 is EX_UNAVAILABLE of sysexits.h, 130 a shell's SIGINT)."""

from collections.abc import Sequence

from latentrelay.cli.fields import FieldOption
from latentrelay.errors import InvalidRequest, LatentRelayError, PermanentError, StackUnavailable

FAILED, USAGE, UNAVAILABLE, INTERRUPTED = 1, 2, 69, 130
_ARGUMENTS = {"prompt": "PROMPT", "image": "IMAGE"}


class Ended(Exception):
    """The command ends: `message` goes to stderr, a line a problem, and `code` to the shell."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def exit_code(error: LatentRelayError) -> int:
    """2 for what the caller got wrong, 69 where no stack answers, 1 for everything else."""
    if isinstance(error, PermanentError):
        return USAGE
    return UNAVAILABLE if isinstance(error, StackUnavailable) else FAILED


def problem_lines(error: InvalidRequest, options: Sequence[FieldOption]) -> list[str]:
    """One line a problem, each beginning with the option or argument it is about."""
    return [f"{_option_of(problem.pointer, options)}: {problem.detail}" for problem in error.problems]


def _option_of(pointer: str, options: Sequence[FieldOption]) -> str:
    path = tuple(pointer.strip("/").split("/"))
    named = [option.flag for option in options if path[: len(option.path)] == option.path]
    inside = [option for option in options if option.path[: len(path)] == path]
    if named:
        return named[0]
    if inside:
        return f"--{'-'.join(path)}-*".replace("_", "-")
    return _ARGUMENTS.get(path[0], path[0] or "request")
