"""A dossier's story as text, for the monitoring officer: what came, what was sent where, the answer, what is owed and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bus.maintenance import VIETNAM
from mappings.result_files import PAPER_TYPE, TYPE
from ops.reasons import reason
from ops.words import Language, say


def local(text: str | None) -> str:
    """An ISO instant as an officer reads it, Vietnamese time."""
    return "" if text is None else datetime.fromisoformat(text).astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


def tell(story: dict[str, Any], language: Language) -> str:
    """The story of `GET /v1/dossiers/{code}` in `vi` or `en`."""
    lines = [say("head", language, dossier=story["dossier"]), "=" * 60]
    by_event: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for delivery in story["deliveries"]:
        by_event.setdefault((delivery["source"], delivery["event"]), []).append(delivery)
    lanes = {lane["partner"]: lane for lane in story["lanes"]}
    for event in story["events"]:
        lines += _event(event, language)
        owed = by_event.get((event["source"], event["id"]), [])
        if not owed:
            lines.append(f"    · {say('nobody', language)}")
        for delivery in sorted(owed, key=lambda d: (d["partner"], d["number"] or 0)):
            lines += _delivery(delivery, lanes.get(delivery["partner"]), language)
    if story["expected"]:
        lines += ["", say("expected", language)]
        lines += [f"    {_expected(step, language)}" for step in story["expected"]]
    if story["notes"]:
        lines += ["", say("notes", language)]
        lines += [f"    · {say('note', language, **note | {'time': local(note['at'])})}" for note in story["notes"]]
    return "\n".join(lines)


STANDS = {"expected": "○", "paused": "‖", "risk": "!", "late": "!", "missing": "✗", "uncounted": "?"}


def _expected(step: dict[str, Any], language: Language) -> str:
    """A step that has not come, how it stands, and by when it was to come."""
    title = step["title_vi"] if language == "vi" else step["title_en"]
    says = say(f"stand.{step['stand']}", language, time=local(step["due_at"]), year=step["year"])
    return f"{STANDS[step['stand']]} {title}: {says}"


def _event(event: dict[str, Any], language: Language) -> list[str]:
    title = event["title_vi"] if language == "vi" else event["title_en"]
    facts = [say("occurred", language, time=local(event["time"]))]
    if event["sequence"] is not None:
        facts.append(f"#{event['sequence']}")
    if event["waits_for_gap"]:
        facts.append(say("gap", language))
    if event["flags"]:
        facts.append(say("flags", language, flags=", ".join(event["flags"])))
    if event["trace_id"]:
        facts.append(say("trace", language, trace=event["trace_id"]))
    lines = ["", f"{local(event['accepted_at'])}  {title}", f"    {'; '.join(facts)}"]
    if event["erased_at"]:
        lines.append(f"    {say('erased', language, time=local(event['erased_at']))}")
    elif event["type"] in CHECKED:
        lines += [f"    {line}" for line in _checked(event["data"], language)]
    return lines


CHECKED = (TYPE, PAPER_TYPE)


def _checked(told: dict[str, Any], language: Language) -> list[str]:
    """What was found out about a file of the dossier, and what each signature is worth."""
    if told.get("problem"):
        says = say(f"problem.{told['problem']}", language)
        return [say("file.not_loaded", language, title=told["title"], problem=says)]
    lines = [
        say("file.loaded", language, title=told["title"], verdict=say(f"verdict.{told['verdict']}", language)),
        say("file.facts", language, size=told["size_bytes"], digest=told["sha256"]),
    ]
    return lines + [
        say(
            "file.signature",
            language,
            organisation=one.get("organisation") or "?",
            time=local(one.get("signed_at")) or "?",
            verdict=say(f"verdict.{one['verdict']}", language),
        )
        for one in told.get("signatures") or ()
    ]


MARKS = {"delivered": "✓", "dead": "✗", "in_doubt": "?", "superseded": "↷", "cancelled": "–"}


def _delivery(delivery: dict[str, Any], lane: dict[str, Any] | None, language: Language) -> list[str]:
    state, cause = delivery["state"], delivery["cause"]
    text = say(f"state.{state}", language)
    if cause and state != "delivered":
        text += f": {say(f'cause.{cause}', language, hold_key=delivery['hold_key'])}"
    where = say("partner", language, partner=f"{delivery['partner']} {delivery['operation']}")
    lines = [f"    {MARKS.get(state, '…')} {where}: {text} [{delivery['id']}]"]
    lines += [f"        {_attempt(attempt, language)}" for attempt in delivery["attempts"]]
    lines += [f"        {hint}" for hint in _next(delivery, lane, language)]
    return lines


def _attempt(attempt: dict[str, Any], language: Language) -> str:
    said = " ".join(part for part in (attempt["code"], reason(attempt["words"], language)) if part)
    return f"{local(attempt['opened_at'])}  " + say(
        "attempt",
        language,
        number=attempt["number"],
        step=say("ask", language) if attempt["step"] == "ask" else "",
        outcome=say(f"outcome.{attempt['outcome']}", language),
        words=f" ({said})" if said else "",
    )


def _next(delivery: dict[str, Any], lane: dict[str, Any] | None, language: Language) -> list[str]:
    """What comes next, and what a person may do."""
    state, cause = delivery["state"], delivery["cause"]
    hints = []
    if delivery["deadline_on"] and state in ("dead", "in_doubt", "waiting", "pending", "sending"):
        hints.append(say("deadline", language, day=delivery["deadline_on"]))
    if state in ("dead", "in_doubt", "waiting", "pending") and lane is not None:
        if lane["held"]:
            hints.append(say("held", language))
        if lane["head"] not in (None, delivery["id"]) and state == "pending":
            hints.append(say("next.head", language))
        elif lane["head"] == delivery["id"] and lane["waiting_behind"]:
            hints.append(say("behind", language, n=lane["waiting_behind"]))
    if state == "dead" and cause != "skipped":
        hints.append(say("next.dead", language, id=delivery["id"]))
    elif state == "in_doubt" and delivery["due_at"] is None:
        hints.append(say("next.in_doubt", language, id=delivery["id"]))
    elif cause in ("code_gap", "gap") and state == "waiting":
        hints.append(say(f"next.{cause}", language))
    elif delivery["due_at"] and state in ("waiting", "in_doubt"):
        hints.append(say("next.due", language, time=local(delivery["due_at"])))
    return hints
