"""The few shapes of PromQL that are asked more than once."""

WINDOW = "5m"


def quantile(share: float, histogram: str, *by: str, where: str = "") -> str:
    """The quantile `share` (0..1) of what a histogram observed lately, by labels; `where` selects series."""
    labels = ", ".join((*by, "le"))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({histogram}_bucket{where}[{WINDOW}])))"


def rate(counter: str, *by: str) -> str:
    """How much a counter grows a second, by labels."""
    return f"sum by ({', '.join(by)}) (rate({counter}[{WINDOW}]))"


def share(part: str, whole: str) -> str:
    """One of the other, absent where there is nothing to share."""
    return f"{part} / ({whole} > 0)"


def age(timestamp: str) -> str:
    """Seconds since a timestamp; 0 where it is 0, which says that there is none."""
    return f"(time() - {timestamp}) * ({timestamp} > bool 0)"
