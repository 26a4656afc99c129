"""One room per partner; `discover` finds them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from bus.adapter import Partner


@cache
def discover() -> dict[str, Partner]:
    """Every package here that offers ADAPTER, by name, in the order of their names."""
    found: dict[str, Partner] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg and module.name != "transport":
            room = importlib.import_module(f"{__name__}.{module.name}")
            partner: Partner | None = getattr(room, "ADAPTER", None)
            if partner is not None:
                found[partner.name] = partner
    return dict(sorted(found.items()))
