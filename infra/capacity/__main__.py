"""`make capacity`: compares, and writes the table into docs/capacity.md."""

from datetime import UTC, datetime
from pathlib import Path

from infra.capacity.comparing import compare_all, table

PAGE = Path("docs/capacity.md")
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"


def main() -> None:
    """Compare."""
    told = f"{BEGIN}Measured {datetime.now(UTC).date().isoformat()}.\n\n{table(compare_all())}\n{END}"
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(before + told + after, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
