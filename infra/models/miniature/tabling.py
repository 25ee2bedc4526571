"""The measured rows as a table of docs/models.md, between two marks that stay."""

from collections.abc import Sequence
from pathlib import Path

from infra.models.miniature.figures import Row

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
HEAD = "| measured | value | 95 % interval | of | goal | reached |\n| --- | ---: | :---: | ---: | ---: | :---: |\n"


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, a line for each row."""
    return HEAD + "".join(f"{_line(row)}\n" for row in rows)


def write(rows: Sequence[Row], page: Path) -> None:
    """Replace what lies between the marks of `page`."""
    before, begun, rest = page.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"{page} has no place for the table: {BEGIN} and then {END}")
    page.write_text(f"{before}{BEGIN}\n{table(rows)}{END}{after}")


def _line(row: Row) -> str:
    goal = "" if row.goal is None else str(row.goal or "> 0")
    reached = {None: "", True: "yes", False: "no"}[row.reached]
    cells = (row.name, f"{row.value:.3f}", f"{row.low:.3f} to {row.high:.3f}", str(row.count), goal, reached)
    return f"| {' | '.join(cells)} |"
