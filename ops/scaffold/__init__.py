"""Stamp a new partner: all four rooms, its simulator, test, page, route and settings, green from the first minute.

The templates are a minimal partner over REST; its author replaces them line by line with the partner's own document.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from ops.events_doc.example import smallest

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
LONGEST = 24
TITLE = re.compile(r"[^\"\\\n@{}]{3,80}\Z")
FLOORS = {
    "contracts": "contracts/{}",
    "mappings": "mappings/{}",
    "adapters": "adapters/{}",
    "tests": "tests/partners/{}",
    "docs": "docs/partners",
}
CASE = "a received dossier is told with its applicant"
ROUTE = '    Route("dossier.received.v1", "{}", "sendDossier", source="the partner\'s document"),\n'
SETTINGS = """
[partners.{}]
base_url = ""
# path = "/dossiers"
credentials = {{ api_key = "" }}
"""


def stamp(root: Path, name: str, title_vi: str, title_en: str) -> list[Path]:
    """Write the partner's files into the tree at `root`; what was written or changed. Raises ValueError where it cannot be done."""
    _check(root, name, title_vi, title_en)
    words = {"name": name, "Name": name.title().replace("_", ""), "title_vi": title_vi, "title_en": title_en}
    written = []
    for target, text in _files(name, words):
        file = root / target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    routes, settings = root / "mappings/routes.py", root / "ops/example.toml"
    _insert(routes, "ROUTES: tuple[Route, ...] = (\n", "\n)\n", ROUTE.format(name))
    settings.write_text(settings.read_text(encoding="utf-8") + SETTINGS.format(name), encoding="utf-8")
    for module, folder in (("ops.events_doc", "docs"), ("ops.partner_docs", "docs/partners")):
        _renew(root, module, folder)
    return [*written, routes, settings]


def _check(root: Path, name: str, *titles: str) -> None:
    if not NAME.match(name) or len(name) > LONGEST:
        raise ValueError(f"a name is small letters, digits and single underscores, at most {LONGEST}: {name!r}")
    for title in titles:
        if not TITLE.match(title):
            raise ValueError("a title has 3 to 80 characters, without quotes, backslashes, braces or @")
    if not (root / "mappings/routes.py").is_file():
        raise ValueError(f"{root} is not the source tree; run it where mappings/routes.py stands, or give --root")
    for folder in FLOORS.values():
        place = root / folder.format(name)
        if place.name == name and place.exists():
            raise ValueError(f"{place} is there already")


def _files(name: str, words: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Target path and text of every file."""
    templates = Path(str(files(__package__))) / "templates"
    for template in sorted(templates.rglob("*.tmpl")):
        floor, *inner = template.relative_to(templates).with_suffix("").parts
        target = Path(FLOORS[floor].format(name), *inner)
        text = _filled(template.read_text(encoding="utf-8"), words)
        yield _filled(target.as_posix(), words), _sorted_imports(text) if target.suffix == ".py" else text
    yield f"mappings/{name}/cases/{CASE}.json", json.dumps(_case(), ensure_ascii=False, indent=1) + "\n"


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _sorted_imports(text: str) -> str:
    """The blocks of `from` lines in the order of their modules, whatever the partner's name."""

    def ordered(block: re.Match[str]) -> str:
        return "".join(sorted(block[0].splitlines(keepends=True), key=lambda line: line.split()[1]))

    return re.sub(r"(?:^from (?!__future__).+\n)+", ordered, text, flags=re.MULTILINE)


def _case() -> dict[str, Any]:
    return {
        "given": smallest(9001),
        "expect": {
            "MaHoSo": "000.00.17.H59-260703-9001",
            "MaTTHC": "1.012783",
            "TenNguoiNop": "Nguyễn Văn An",
            "SoDinhDanh": "084080000123",
            "TrangThai": 2,
            "ThoiDiem": "2026-07-03T07:55:34+07:00",
        },
    }


def _insert(file: Path, begin: str, end: str, line: str) -> None:
    """Put a line at the end of what stands between two texts. Raises ValueError when they are not there."""
    text = file.read_text(encoding="utf-8")
    at = text.find(end, text.find(begin))
    if begin not in text or at < 0:
        raise ValueError(f"{file} does not look as it did: add the line by hand: {line.strip()}")
    file.write_text(text[: at + 1] + line + text[at + 1 :], encoding="utf-8")


def _renew(root: Path, module: str, folder: str) -> None:
    """Let the tree write its generated pages anew, in a process that sees the new rooms."""
    done = subprocess.run(
        [sys.executable, "-m", module, folder],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ValueError(f"python -m {module} {folder}: {done.stderr.strip().splitlines()[-1]}")
