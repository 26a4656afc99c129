"""Renew the pages in a folder: `python -m ops.partner_docs docs/partners`."""

from __future__ import annotations

import sys
from pathlib import Path

from ops.partner_docs import documents

if len(sys.argv) != 2:
    sys.exit("say where: python -m ops.partner_docs docs/partners")
for name, text in documents(Path(sys.argv[1])).items():
    (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
