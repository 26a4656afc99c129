"""The province's file hosts: where result papers lie, which partners are given the addresses of. Not a partner with a contract of its
own, but worked at like one, so that a check is owed, tried again, told and shown as everything else is.
"""

from __future__ import annotations

from adapters.result_files.check import NAME, FileSettings, partner

__all__ = ["NAME", "FileSettings", "partner"]
