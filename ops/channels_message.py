"""What a message about incidents says: Vietnamese, short, with the link to the console, and nothing of a dossier or a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bus.clock import when
from bus.ledger.incidents import Event, Incident, Notice
from ops.console.text import Speech
from ops.incidents import Names, kinds, told

SUBJECT: dict[Event, str] = {"opened": "Sự cố", "grown": "Sự cố lan rộng", "closed": "Hết sự cố"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is the same when it is sent again; `facts` is the same for programs."""

    id: str
    subject: str
    text: str
    at: float
    facts: dict[str, Any] = field(default_factory=dict)


def compose(items: Sequence[tuple[Notice, Incident]], names: Names, link: str, now: float) -> Message:
    """The message for one incident, or for several at once."""
    say = Speech("vi", now)
    first, incident = items[0]
    paragraphs = [_paragraph(notice, one, names, link, say) for notice, one in items]
    title = told(incident, "vi", names).title
    subject = f"{SUBJECT[first.event]}: {title}" if len(items) == 1 else f"{len(items)} sự cố cần xem"
    facts = [_facts(notice, one, names, link) for notice, one in items]
    return Message(
        f"notice-{first.id}",
        f"[Liên Thông] {subject}",
        "\n\n".join(paragraphs) + "\n",
        now,
        {"incidents": facts},
    )


def direct(kind: str, part: str, since: float, link: str, now: float) -> Message:
    """A message about what cannot be written down just now; `part`: the part of the bus that fails, where it is one."""
    say, words = Speech("vi", now), kinds()[kind].words
    text = f"{words['says_vi']}\nTừ {say.clock(since)}, đã {say.span(now - since)}.\n{words['todo_vi']}\n{link}\n"
    facts = {"incidents": [{"kind": kind, "event": "opened", "began_at": when(since)}]}
    title = words["title_vi"].format(part=part and say(f"part.{part}"))
    return Message(f"direct-{kind}-{int(since)}", f"[Liên Thông] Sự cố: {title}", text, now, facts)


def _paragraph(notice: Notice, incident: Incident, names: Names, link: str, say: Speech) -> str:
    words = told(incident, "vi", names)
    lasted = say.span(incident.lasted_s(say.now))
    if notice.event == "closed":
        most = f"Lúc nhiều nhất giữ {say.number(incident.most_dossiers)} hồ sơ, {say.number(incident.most_deliveries)} lượt gửi."
        lines = [f"Đã hết: {words.title}.", f"Kéo dài {lasted}, từ {say.clock(incident.began_at)}.", most]
    else:
        lines = [
            f"{words.title}.",
            f"Từ {say.clock(incident.began_at)}, đã {lasted}. {_held(incident, say)}".rstrip(),
            words.says,
            f"Bên xử lý: {say(f'side.{words.side}')}. {words.todo}",
        ]
        if incident.owner:
            lines.append(f"Người nhận việc: {incident.owner}.")
        elif notice.escalated:
            lines.append("Chưa có ai nhận việc.")
    return "\n".join([*lines, f"{link}/console/incidents/{incident.id}"])


def _held(incident: Incident, say: Speech) -> str:
    if not incident.deliveries:
        return ""
    return f"Giữ {say.number(incident.dossiers)} hồ sơ, {say.number(incident.deliveries)} lượt gửi đang chờ."


def _facts(notice: Notice, incident: Incident, names: Names, link: str) -> dict[str, Any]:
    return {
        "id": incident.id,
        "event": notice.event,
        "kind": incident.kind,
        "partner": incident.partner,
        "title_vi": told(incident, "vi", names).title,
        "title_en": told(incident, "en", names).title,
        "urgent": kinds()[incident.kind].urgent,
        "began_at": when(incident.began_at),
        "opened_at": when(incident.opened_at),
        "closed_at": when(incident.closed_at),
        "dossiers": incident.dossiers,
        "deliveries": incident.deliveries,
        "link": f"{link}/console/incidents/{incident.id}",
    }


def trial_message(recipient: str, now: float) -> Message:
    """A message that only shows that messages arrive."""
    text = f"Đây là thư thử của trục Liên Thông gửi đến {recipient}. Không có sự cố nào.\n"
    return Message(f"trial-{recipient}-{int(now)}", "[Liên Thông] Thư thử", text, now, {"incidents": []})
