from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from latentrelay.metrics import PREFIX, Teller, told_by
from services.webhooks.metrics import Metrics


def test_it_tells_every_metric_of_a_sender_from_the_start_and_no_other() -> None:
    families = text_string_to_metric_families(generate_latest(Metrics().registry).decode())
    told = {sample.name for family in families for sample in family.samples if sample.name.startswith(PREFIX)}
    assert told == {series for metric in told_by(Teller.WEBHOOKS) for series in metric.series}
