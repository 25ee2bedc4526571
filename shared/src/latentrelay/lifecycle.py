"""Rules by which the store itself removes old objects: the backstop of the sweeper. Pure, over minio's values."""

from collections.abc import Iterable

from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from latentrelay.contracts import ArtifactKind
from latentrelay.retention import Retention


def lacking(found: LifecycleConfig | None, retention: Retention) -> tuple[ArtifactKind, ...]:
    """The kinds whose rule is missing or removes too early. A rule that is later than needed does no harm."""
    days = _days(found)
    return tuple(kind for kind in ArtifactKind if days.get(_name(kind), 0) < retention.days(kind))


def has_others(found: LifecycleConfig | None) -> bool:
    """Whether somebody else has set rules: they could not be written back as they are, so they are left alone."""
    ours = {_name(kind) for kind in ArtifactKind}
    return any(rule.rule_id not in ours for rule in _rules(found))


def lengthened(found: LifecycleConfig | None, retention: Retention) -> LifecycleConfig:
    """Our rules, each at least as late as `retention` needs; a process with other settings never shortens them."""
    days = _days(found)
    return LifecycleConfig([_rule(kind, max(retention.days(kind), days.get(_name(kind), 0))) for kind in ArtifactKind])


def _rule(kind: ArtifactKind, days: int) -> Rule:
    return Rule(ENABLED, rule_filter=Filter(prefix=f"{kind}/"), rule_id=_name(kind), expiration=Expiration(days=days))


def _rules(found: LifecycleConfig | None) -> Iterable[Rule]:
    return () if found is None else found.rules


def _days(found: LifecycleConfig | None) -> dict[str, int]:
    rules = (rule for rule in _rules(found) if rule.status == ENABLED and rule.rule_id and rule.expiration)
    return {str(rule.rule_id): (rule.expiration.days or 0) if rule.expiration else 0 for rule in rules}


def _name(kind: ArtifactKind) -> str:
    return f"latentrelay-{kind}"
