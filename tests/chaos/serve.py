"""The bus under trial as a real process: the product's own composition with the plain partners in place of the province's.

`python -m tests.chaos.serve SETTINGS.toml [serve|work|up]`
"""

from __future__ import annotations

import sys
from pathlib import Path

from bus.adapter import Dedupe
from ops import up
from ops.bench.plain import owe_all
from ops.settings_file import load
from tests.chaos.adapter import trial_partner

MODES: tuple[Dedupe, ...] = ("key", "query", "none")


def main() -> None:
    """Run until a signal says stop."""
    file, role, batch, full = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "full"
    partners = {f"plain_{mode}": trial_partner(f"plain_{mode}", mode, batch=batch, full_state=full) for mode in MODES}
    settings = load(file, partners)
    chosen = [name for name in partners if settings.partners.get(name, {}).get("base_url")]
    serve = role in ("up", "serve")
    work = () if role == "serve" else None
    up.run(lambda: up.bus(settings, serve=serve, work=work, partners=partners, route=owe_all(chosen), anonymous=True))


if __name__ == "__main__":
    main()
