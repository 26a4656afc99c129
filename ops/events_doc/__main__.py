"""Write the documents into a folder: `python -m ops.events_doc docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from ops.events_doc import documents

if len(sys.argv) != 2:
    sys.exit("say where to: python -m ops.events_doc docs")
for name, text in documents().items():
    (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
