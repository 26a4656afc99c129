"""EMC, the system that measures how public services are used."""

from __future__ import annotations

from dataclasses import replace

from adapters.service_evaluation.adapter import TRACK, EvaluationAdapter, EvaluationSettings
from adapters.service_evaluation.reconcile import RECONCILE
from bus.adapter import Operation, Partner
from bus.policy import PartnerSettings
from contracts.service_evaluation.messages import SuKien


def _tune(partner: Partner, settings: PartnerSettings) -> Partner:
    """`unknown = "park"`: an event of which nobody knows whether EMC counted it waits for a person."""
    if isinstance(settings, EvaluationSettings) and settings.unknown == "park":
        return replace(partner, operations=tuple(replace(o, dedupe="none") for o in partner.operations))
    return partner


ADAPTER = Partner(
    name="service_evaluation",
    title_vi="Hệ thống giám sát, đo lường dịch vụ công trực tuyến (EMC)",
    title_en="Measurement of online public services (EMC)",
    operations=(
        Operation(TRACK, "Gửi sự kiện sử dụng", "Report a usage event", "key", message=SuKien, harmless_twice=True),
    ),
    settings=EvaluationSettings,
    open=EvaluationAdapter,
    reconcile=RECONCILE,
    assumed=(
        "a usage event sent twice does no harm: EMC counts dossiers by CodeProfile; it gives neither key nor question, so a live count "
        'would confirm it (unknown = "park" otherwise)',
        "the service level: partly online (3) where the catalogue or the dossier knows an online channel, at the counter (1) else; "
        "`levels` says it right",
        "a dossier handed in by post counts as online, as a public client sends it",
        "the change from received to in processing is the assignment (4)",
        "EMC takes a keyed digest, or nothing, for a person's id",
    ),
    confirms=frozenset(range(200, 300)),
    tune=_tune,
)

__all__ = ["ADAPTER"]
