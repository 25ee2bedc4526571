"""One way to draw each kind of panel: a title that asks, a sentence that explains, queries with their legends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import GraphDrawStyle, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
COLUMNS = 24  # of Grafana's grid
HIGH, LOW = 8, 4


@dataclass(frozen=True)
class Panel:
    """One panel: `queries` are PromQL by their legend."""

    title: str
    asks: str
    unit: str
    queries: Mapping[str, str]
    width: int = 8
    is_number: bool = False
    """One number that is read at a glance, in place of lines over time."""


@dataclass(frozen=True)
class Dashboard:
    """Rows of panels under headings."""

    uid: str
    title: str
    description: str
    rows: Mapping[str, Iterable[Panel]] = field(default_factory=dict)


def built(told: Dashboard) -> dashboard.Dashboard:
    """As Grafana knows it."""
    made = dashboard.Dashboard(told.title).uid(told.uid).description(told.description).tags(["latentrelay"])
    made = (
        made.refresh("10s").time("now-1h", "now").timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR).readonly()
    )
    for heading, panels in told.rows.items():
        made = made.with_row(dashboard.Row(heading))
        for panel in panels:
            made = made.with_panel(_number(panel) if panel.is_number else _lines(panel))
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    made = timeseries.Panel().title(panel.title).description(panel.asks).unit(panel.unit).datasource(SOURCE)
    made = made.span(panel.width).height(HIGH).min(0).legend(legend.show_legend(show_legend=True))
    made = made.draw_style(GraphDrawStyle.LINE).fill_opacity(8).line_width(1)
    for query in _targets(panel):
        made = made.with_target(query)
    return made


def _number(panel: Panel) -> stat.Panel:
    made = stat.Panel().title(panel.title).description(panel.asks).unit(panel.unit).datasource(SOURCE)
    made = made.span(panel.width).height(LOW).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    for query in _targets(panel):
        made = made.with_target(query)
    return made


def _targets(panel: Panel) -> Iterable[prometheus.Dataquery]:
    for ref, (legend, query) in zip("ABCDEFGH", panel.queries.items(), strict=False):
        yield prometheus.Dataquery().expr(query).legend_format(legend).ref_id(ref).datasource(SOURCE)
