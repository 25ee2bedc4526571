"""A chart as SVG: p95 by the number of base GPUs, a line for each number of refiner GPUs. Pure; no library draws it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 66, 170, 52, 54
ABOVE = 4  # times its height: a line that leaves it is steep
INKS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626")
STYLE = """
svg{background:#fff;color:#111827;font:14px system-ui,sans-serif}
text{fill:currentColor}.faint{fill:#6b7280}.grid{stroke:#e5e7eb}.axis{stroke:#9ca3af}
.line{fill:none;stroke-width:2.5;stroke-linejoin:round}.target{stroke:#dc2626;stroke-dasharray:6 5}
@media(prefers-color-scheme:dark){svg{background:#111827;color:#f3f4f6}.grid{stroke:#374151}.faint{fill:#9ca3af}}
"""

Point = tuple[int, float]


@dataclass(frozen=True)
class Chart:
    """What is drawn."""

    title: str
    across: str
    """What is counted along the bottom."""
    target: float
    """In seconds."""
    lines: Mapping[str, Sequence[Point]]
    """By name: p95 in seconds for each count; where it is infinite, the line leaves the picture at its top."""

    @property
    def top(self) -> float:
        """The most seconds that are shown: those far beyond the target say nothing more."""
        return nice(1.15 * max(self.target, min(3 * self.target, self._highest)))

    @property
    def _highest(self) -> float:
        return max((y for points in self.lines.values() for _, y in points if math.isfinite(y)), default=self.target)

    @property
    def counts(self) -> range:
        """Along the bottom."""
        xs = [x for points in self.lines.values() for x, _ in points]
        return range(min(xs), max(xs) + 1)

    def x(self, count: float) -> float:
        """Where `count` lies."""
        first, last = self.counts[0], self.counts[-1]
        return LEFT + (count - first) / max(1, last - first) * (WIDTH - LEFT - RIGHT)

    def y(self, seconds: float) -> float:
        """Where `seconds` lie; what is far more than is shown lies above the picture."""
        return TOP + (1 - min(seconds / self.top, ABOVE)) * (HEIGHT - TOP - BOTTOM)


def nice(least: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= least)


def svg(chart: Chart) -> str:
    """The picture, with its title and description for those who hear it."""
    told = "; ".join(f"{name}: {_told(points)}" for name, points in chart.lines.items())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">'
        f'<title id="t">{chart.title}</title><desc id="d">{told}</desc><style>{STYLE}</style>'
        f'<clipPath id="c"><path d="M0 {TOP}H{WIDTH}V{HEIGHT}H0z"/></clipPath>'
    )
    return "\n".join([head, *_frame(chart), *_lines(chart), *_target(chart), "</svg>\n"])


def _told(points: Sequence[Point]) -> str:
    return ", ".join(f"{x}: {y:.1f} s" if math.isfinite(y) else f"{x}: never" for x, y in points)


def _frame(chart: Chart) -> Iterator[str]:
    yield _text(LEFT, TOP - 26, chart.title, "font-weight:600")
    for part in range(6):
        seconds = chart.top * part / 5
        yield f'<path class="grid" d="M{LEFT} {chart.y(seconds):.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 10, chart.y(seconds) + 5, f"{seconds:g} s", "text-anchor:end", "faint")
    for count in chart.counts:
        yield _text(chart.x(count), HEIGHT - BOTTOM + 22, str(count), "text-anchor:middle", "faint")
    yield f'<path class="axis" d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, chart.across, "text-anchor:middle")


def _lines(chart: Chart) -> Iterator[str]:
    for place, (name, points) in enumerate(chart.lines.items()):
        ink, below = INKS[place % len(INKS)], TOP + 22 * place + 8
        way = " ".join(f"{chart.x(x):.1f},{chart.y(y):.1f}" for x, y in points)
        yield f'<polyline class="line" clip-path="url(#c)" stroke="{ink}" points="{way}"/>'
        yield from (
            f'<circle cx="{chart.x(x):.1f}" cy="{chart.y(y):.1f}" r="4" fill="{ink}"/>'
            for x, y in points
            if y <= chart.top
        )
        yield f'<path class="line" stroke="{ink}" d="M{WIDTH - RIGHT + 18} {below}h22"/>'
        grows = not any(y <= chart.top for _, y in points)
        yield _text(WIDTH - RIGHT + 48, below + 5, f"{name}: never" if grows else name)


def _target(chart: Chart) -> Iterator[str]:
    yield f'<path class="target" d="M{LEFT} {chart.y(chart.target):.1f}H{WIDTH - RIGHT}"/>'
    told = f"target {chart.target:g} s"
    yield _text(WIDTH - RIGHT - 6, chart.y(chart.target) - 7, told, "text-anchor:end;fill:#dc2626")


def _text(x: float, y: float, words: str, style: str = "", kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" style="{style}">{words}</text>'
