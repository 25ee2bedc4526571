"""`make capacity`: compares, writes the table into docs/capacity.md, and ends with 1 where a prediction is far off."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from infra.capacity.comparing import TOLERANCE, compare_all, table

PAGE = Path("docs/capacity.md")
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"


def main() -> None:
    """Compare."""
    found = compare_all()
    told = f"{BEGIN}Measured {datetime.now(UTC).date().isoformat()}.\n\n{table(found)}\n{END}"
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(before + told + after, encoding="utf-8")
    print(told)
    if far := [one.case.name for one in found if not one.is_close]:
        sys.exit(f"predicted p95 more than {TOLERANCE:.0%} from the measured: {', '.join(far)}")


if __name__ == "__main__":
    main()
