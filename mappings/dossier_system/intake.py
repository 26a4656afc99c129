"""What a dossier filed on the portal is checked for before the desk gets it (domain notes 3.1, Intake).

A dossier that fails waits where everybody sees it, instead of disappearing into a log: the missing row is named, and adding it lets
the dossier go on. Its owner's account is asked of the portal meanwhile; a duplicate was told apart at the door.
"""

from __future__ import annotations

from contracts import codes
from contracts.canonical.events import Filing
from contracts.identifier import procedure_parts
from mappings.convert import as_day


def check(filing: Filing) -> None:
    """The procedure stands in the catalogue and the agency in the list, on the day of filing. Raises CodeGap."""
    on = as_day(filing.filed_at)
    codes.lookup("procedure", procedure_parts(filing.procedure_code).base, on)
    if filing.agency_id:
        codes.lookup("agency", filing.agency_id, on)
