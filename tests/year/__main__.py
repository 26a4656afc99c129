"""`python -m tests.year --events 1000000`: run a year, print what it was, end with 1 where the books do not agree."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import uvloop

from ops import telemetry
from ops.settings import TelemetrySettings
from tests.year.run import Figures, Year

EVENTS = 1_000_000


def main() -> int:
    """Run and report; the books of a round that went wrong stay where they are."""
    parser = argparse.ArgumentParser(prog="tests.year", description="A year of one province through all its partners.")
    parser.add_argument("--events", type=int, default=EVENTS, help="events of the sample (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where ledger and books lie (default: a new temporary folder)")
    told = parser.parse_args()
    folder = told.folder or Path(tempfile.mkdtemp(prefix="lienthong-year-"))
    folder.mkdir(parents=True, exist_ok=True)
    telemetry.start(TelemetrySettings(log_file=str(folder / "bus.log"), log_level="warning"))
    figures = uvloop.run(Year(folder).run(told.events))
    print(report(figures))
    if figures.wrong:
        print("\n".join(["NOT equal:", *figures.wrong, f"ledger and books: {folder}"]), file=sys.stderr)
    return int(bool(figures.wrong))


def report(figures: Figures) -> str:
    """The figures as a page of text."""
    total = sum(figures.delivered.values())
    lines = [
        f"{figures.posted} events of the sample, {figures.events} with what they set off, in {figures.seconds:.0f} s: "
        f"{figures.events / figures.seconds:.0f} events/s, "
        f"{total / figures.seconds:.0f} deliveries/s; {figures.superseded} superseded",
        f"memory at most: bus {figures.bus_mb:.0f} MB, simulators {figures.partners_mb:.0f} MB; ledger {figures.ledger_mb:.0f} MB",
    ]
    for partner, count in sorted(figures.delivered.items()):
        refused = f", {figures.refused[partner]} refused by it" if figures.refused[partner] else ""
        lines.append(f"  {partner:<20} {count:>9} delivered, {count / figures.seconds:>7.1f}/s{refused}")
    lines.append("books equal to the ledger" if not figures.wrong else "books and ledger differ")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
