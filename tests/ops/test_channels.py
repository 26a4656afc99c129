"""Telling people: who hears what and when, over a real mail server and a real webhook; nothing lost, nothing personal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.transport.signature import HEADER, verify
from bus.ledger.incidents import DUTY, Condition, Incident, Notice
from bus.ledger.ledger import LedgerBusy
from bus.ledger.sql_ledger import SqlLedger, open_ledger
from bus.seal import Keyring
from bus.upkeep import Upkeep
from ops.channels import GIVE_UP, Teller, plan
from ops.channels_way import ID_HEADER, ways
from ops.incidents import kinds, patience
from ops.incidents_duty import TROUBLE_S, Lookout
from ops.incidents_own import OwnFaults
from ops.incidents_settings import IncidentSettings
from ops.incidents_signs import Signs
from ops.side import Sides
from tests.conftest import HandClock
from tests.ledgers import new_ledger
from tests.ops.test_incident_words import an_incident
from tests.ops.test_incidents import MORNING, PORTAL
from tests.post_office import Hook, MailServer, hook, mail_server

SECRET = "a secret of the chat room"
DOWN = Condition("breaker", PORTAL, since=MORNING - 60, dossiers=12, deliveries=15)
FULL = Condition("disk", facts={"free": "0.5 GB"}, since=MORNING - 60)
SLOW = Condition("slow", PORTAL, since=MORNING - 600, dossiers=3, deliveries=3)
NIGHT = {"since": "22:00", "until": "06:00"}


class Duty:
    """A lookout whose signs are given by hand, over a fresh ledger, a mail server and a webhook."""

    def __init__(self, ledger: SqlLedger, clock: HandClock, office: MailServer, hook_url: str) -> None:
        self.ledger, self.clock, self.office, self.hook_url = ledger, clock, office, hook_url
        self.found: list[Condition] = []
        self.busy = self.broken = False
        self.recipients: list[dict[str, Any]] = [{"name": "truc", "email": "truc@tinh.gov.vn"}]
        self.lookout = self.made()

    def made(self) -> Lookout:
        """A lookout as a process makes one at its start."""
        settings = IncidentSettings.model_validate(
            {
                "email": {"host": "127.0.0.1", "port": self.office.port, "tls": "none", "sender": "lt@tinh.gov.vn"},
                "recipients": self.recipients,
            }
        )
        book = self.ledger.incidents()
        names = {"vi": "Cổng DVC quốc gia", "en": "National portal"}
        link = "https://lienthong.tinh.gov.vn"
        self.teller = Teller(settings, book, self.clock, ways(settings), lambda _p, language: names[language], link)
        signs: Signs = _ByHand(self)  # type: ignore[assignment]
        self.lookout = Lookout(self.ledger, signs, self.teller, OwnFaults(self.ledger, Sides(), Upkeep()))
        return self.lookout

    async def turn(self, *found: Condition, after: float = 0.0) -> list[str]:
        """One look that finds this; the subjects of the letters it sent."""
        self.clock.advance(after)
        self.found = list(found)
        before = len(self.office.letters)
        await self.lookout.turn()
        return self.office.subjects[before:]


class _ByHand:
    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    async def found(self) -> list[Condition]:
        if self._duty.busy:
            raise LedgerBusy("full")
        if self._duty.broken:
            raise ValueError("a fault of ours")
        return self._duty.found


@pytest.fixture
async def office() -> AsyncIterator[MailServer]:
    async with mail_server() as served:
        yield served


@pytest.fixture
async def chat() -> AsyncIterator[Hook]:
    async with hook() as served:
        yield served


@pytest.fixture
async def duty(tmp_path: Path, keys: Keyring, office: MailServer, chat: Hook) -> AsyncIterator[Duty]:
    clock = HandClock(MORNING)
    ledger = open_ledger(new_ledger(tmp_path), keys, clock=clock)
    yield Duty(ledger, clock, office, chat.url)
    await ledger.close()


async def test_a_letter_tells_what_since_when_what_waits_and_where_to_look(duty: Duty, office: MailServer) -> None:
    assert await duty.turn(DOWN) == ["[Liên Thông] Sự cố: Cổng DVC quốc gia không trả lời"]
    letter = office.letters[0]
    assert (letter["To"], letter["Auto-Submitted"]) == ("truc@tinh.gov.vn", "auto-generated")
    text = letter.get_content()
    assert "Từ 07:59, đã 1 phút. Giữ 12 hồ sơ, 15 lượt gửi đang chờ." in text
    assert text.rstrip().endswith("https://lienthong.tinh.gov.vn/console/incidents/1")


async def test_it_is_told_once_and_its_end_once(duty: Duty) -> None:
    assert len(await duty.turn(DOWN)) == 1
    assert await duty.turn(DOWN, after=15) == []
    assert await duty.turn(after=15) == []
    assert await duty.turn(after=300) == ["[Liên Thông] Hết sự cố: Cổng DVC quốc gia không trả lời"]
    assert await duty.turn(after=300) == []


async def test_growth_is_told_at_thresholds(duty: Duty) -> None:
    await duty.turn(DOWN)
    grown = Condition("breaker", PORTAL, dossiers=900, deliveries=1000)
    assert await duty.turn(grown, after=15) == ["[Liên Thông] Sự cố lan rộng: Cổng DVC quốc gia không trả lời"]
    assert await duty.turn(grown, after=15) == []


async def test_a_letter_not_taken_is_sent_again_and_a_restart_changes_nothing(duty: Duty, office: MailServer) -> None:
    office.refuses = "451 later"
    assert await duty.turn(DOWN) == []
    office.refuses = ""
    duty.made()
    assert await duty.turn(DOWN, after=59) == []
    assert len(await duty.turn(DOWN, after=1)) == 1
    assert await duty.turn(DOWN, after=60) == []


async def test_a_letter_whose_answer_was_lost_is_doubled_and_known_by_its_id(duty: Duty, office: MailServer) -> None:
    office.breaks = True
    await duty.turn(DOWN)
    office.breaks = False
    await duty.turn(DOWN, after=60)
    first, second = office.letters
    assert first["Message-ID"] == second["Message-ID"] == "<notice-1@tinh.gov.vn>"


async def test_the_next_one_is_told_when_nobody_took_it_on(duty: Duty) -> None:
    duty.recipients.append({"name": "chief", "email": "chief@tinh.gov.vn", "after_s": 900})
    duty.made()
    await duty.turn(DOWN)
    assert await duty.turn(DOWN, after=899) == []
    (subject,) = await duty.turn(DOWN, after=1)
    assert duty.office.letters[-1]["To"] == "chief@tinh.gov.vn"
    assert "Chưa có ai nhận việc." in duty.office.letters[-1].get_content()
    await duty.turn(after=15)
    assert len(await duty.turn(after=300)) == 2, "both who knew of it hear that it is over"
    assert subject


async def test_the_next_one_is_spared_when_somebody_took_it_on_or_it_is_over(duty: Duty) -> None:
    duty.recipients.append({"name": "chief", "email": "chief@tinh.gov.vn", "after_s": 900})
    duty.made()
    await duty.turn(DOWN, FULL)
    await duty.ledger.incidents().acknowledge(1, "lan", "calling them", "lan")
    await duty.turn(DOWN, after=15)
    await duty.turn(DOWN, after=300)
    await duty.turn(DOWN, after=900)
    await duty.turn(after=15)
    await duty.turn(after=300)
    assert {letter["To"] for letter in duty.office.letters} == {"truc@tinh.gov.vn"}
    endings = [(n.event, n.ending) for n in await duty.ledger.incidents().notices(1) if n.recipient == "chief"]
    assert endings == [("opened", "dropped"), ("closed", "dropped")]


async def test_quiet_hours_keep_what_is_not_urgent_until_morning(duty: Duty) -> None:
    duty.recipients = [{"name": "truc", "email": "truc@tinh.gov.vn", "quiet": [NIGHT]}]
    duty.made()
    duty.clock.at = datetime(2026, 7, 7, 16, 0, tzinfo=UTC).timestamp()  # 23:00
    assert await duty.turn(SLOW) == []
    assert await duty.turn(SLOW, DOWN, after=15) == ["[Liên Thông] Sự cố: Cổng DVC quốc gia không trả lời"]
    assert await duty.turn(SLOW, DOWN, after=6.9 * 3600) == []
    assert await duty.turn(SLOW, DOWN, after=360) == ["[Liên Thông] Sự cố: Cổng DVC quốc gia nhận chậm"]


async def test_what_came_and_went_at_night_is_one_letter(duty: Duty) -> None:
    duty.recipients = [{"name": "truc", "email": "truc@tinh.gov.vn", "quiet": [NIGHT]}]
    duty.made()
    duty.clock.at = datetime(2026, 7, 7, 16, 0, tzinfo=UTC).timestamp()
    await duty.turn(SLOW)
    await duty.turn(after=15)
    await duty.turn(after=300)
    assert await duty.turn(after=8 * 3600) == ["[Liên Thông] Hết sự cố: Cổng DVC quốc gia nhận chậm"]
    assert [n.ending for n in await duty.ledger.incidents().notices(1)] == ["merged", "sent"]


async def test_the_last_letter_of_an_hour_sums_up(duty: Duty) -> None:
    duty.recipients = [{"name": "truc", "email": "truc@tinh.gov.vn", "per_hour": 2}]
    duty.made()
    causes = [
        Condition(
            "failures", PORTAL, f"E{n}", {"cause": "refused", "code": f"E{n}"}, since=MORNING - 900, deliveries=50
        )
        for n in range(5)
    ]
    first, second = await duty.turn(*causes, FULL)
    assert first == "[Liên Thông] Sự cố: Ổ đĩa của sổ cái sắp đầy: còn 0.5 GB"
    assert second == "[Liên Thông] 5 sự cố cần xem"
    assert await duty.turn(*causes, FULL, DOWN, after=60) == []
    assert len(await duty.turn(*causes, FULL, DOWN, after=3600)) == 1


async def test_a_webhook_is_signed_and_carries_the_same(duty: Duty, chat: Hook) -> None:
    duty.recipients = [{"name": "chat", "webhook": duty.hook_url, "secret": SECRET}]
    duty.made()
    await duty.turn(DOWN)
    ((headers, told, body),) = chat.taken
    assert verify(headers[HEADER.lower()], [SECRET], MORNING, headers[ID_HEADER.lower()], body)
    assert not verify(headers[HEADER.lower()], [SECRET + "x"], MORNING, headers[ID_HEADER.lower()], body)
    (one,) = told["incidents"]
    assert (one["event"], one["kind"], one["dossiers"]) == ("opened", "breaker", 12)
    assert one["link"] == "https://lienthong.tinh.gov.vn/console/incidents/1"
    chat.status = 500
    await duty.turn(DOWN, FULL, after=15)
    chat.status = 204
    await duty.turn(DOWN, FULL, after=60)
    assert [told["id"] for _, told, _ in chat.taken] == ["notice-1", "notice-2", "notice-2"]


async def test_a_ledger_in_trouble_is_told_without_it_and_written_down_after(duty: Duty) -> None:
    duty.busy = True
    assert await duty.turn() == []
    assert await duty.turn(after=TROUBLE_S - 1) == []
    assert await duty.turn(after=1) == ["[Liên Thông] Sự cố: Sổ cái không ghi được"]
    assert await duty.turn(after=60) == []
    duty.busy = False
    await duty.turn(after=15)
    await duty.turn(after=15)
    (one,) = await duty.ledger.incidents().all(2**62, 10)
    assert (one.kind, one.began_at, one.open) == ("ledger", MORNING, False)


async def test_a_fault_in_the_look_itself_is_told_without_a_record(duty: Duty) -> None:
    duty.broken = True
    for after, told in ((0, []), (TROUBLE_S, ["[Liên Thông] Sự cố: Trục lỗi liên tục khi tìm sự cố"]), (60, [])):
        before = len(duty.office.letters)
        with pytest.raises(ValueError, match="ours"):
            await duty.turn(after=after)
        assert duty.office.subjects[before:] == told
    duty.broken = False
    assert await duty.turn(after=15) == []
    duty.broken = True
    with pytest.raises(ValueError, match="ours"):
        await duty.turn(after=TROUBLE_S)
    assert len(duty.office.letters) == 1, "another trouble, which has only begun"


async def test_a_recipient_who_cannot_be_reached_is_an_incident_for_the_others(duty: Duty, office: MailServer) -> None:
    """Seen by the real signs: a notice that failed three times."""
    office.refuses = "550 no"
    for wait_s in (0, 60, 120):
        await duty.turn(DOWN, after=wait_s)
    assert [n.tries for n in await duty.ledger.incidents().owed(2e9)] == [3]


def a_notice(number: int, incident: int, recipient: str, event: Any = "opened", **changes: Any) -> Notice:
    plain = Notice(number, incident, event, recipient, False, MORNING, 0, None, "")
    return plain._replace(**changes)


OWED = st.lists(
    st.tuples(
        st.integers(1, 6), st.sampled_from(["truc", "chat", "gone"]), st.sampled_from(["opened", "grown", "closed"])
    ),
    max_size=40,
)


@given(OWED, st.dictionaries(st.sampled_from(["truc", "chat"]), st.integers(0, 4)), st.integers(0, 23))
def test_every_notice_has_one_fate_and_caps_hold(
    owed: list[tuple[int, str, str]], sent: dict[str, int], hour: int
) -> None:
    settings = IncidentSettings.model_validate(
        {
            "email": {"host": "localhost", "tls": "none", "sender": "lt@tinh.gov.vn"},
            "recipients": [
                {"name": "truc", "email": "truc@tinh.gov.vn", "per_hour": 3, "quiet": [NIGHT]},
                {"name": "chat", "email": "chat@tinh.gov.vn", "per_hour": 2, "urgent": False, "quiet": [NIGHT]},
            ],
        }
    )
    recipients = {one.name: one for one in settings.recipients}
    notices = [a_notice(n, incident, who, event) for n, (incident, who, event) in enumerate(owed)]
    incidents: dict[int, Incident] = {n: an_incident(kind) for n, kind in enumerate(kinds(), 1) if n <= 5}
    now = (datetime(2026, 7, 7, tzinfo=UTC) + timedelta(hours=hour)).timestamp()
    made = plan(notices, incidents, {}, recipients, sent, now)
    covered = [one.id for parcel in made.parcels for one in (*parcel.notices, *parcel.merged)]
    assert sorted([*covered, *made.ended, *made.delayed]) == list(range(len(notices)))
    assert all(until > now for until, _failed in made.delayed.values())
    for name, recipient in recipients.items():
        parcels = [parcel for parcel in made.parcels if parcel.recipient == name]
        assert len(parcels) <= max(0, recipient.per_hour - sent.get(name, 0))
        told = [one.incident for parcel in parcels for one in parcel.notices]
        assert len(told) == len(set(told)), "one message of each incident"


def test_a_notice_is_given_up_after_days_alone() -> None:
    assert GIVE_UP * 1800 > 3 * 86_400


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recipients": [{"name": "a"}]}, "give email or webhook"),
        ({"recipients": [{"name": "a", "email": "a@b", "webhook": "https://x/y", "secret": SECRET}]}, "one of them"),
        ({"recipients": [{"name": "a", "email": "a@b"}]}, r"\[incidents.email\] is missing"),
        ({"recipients": [{"name": "a", "webhook": "https://x/y", "secret": "short"}]}, "16 characters"),
        ({"recipients": [{"name": "a", "webhook": "http://x/y", "secret": SECRET}]}, "reached by https"),
        ({"recipients": [{"name": "a", "webhook": "https://u@x/y", "secret": SECRET}]}, "a host and a path"),
        ({"email": {"host": "mail.x", "tls": "none", "sender": "a@b"}}, "goes there by TLS"),
        ({"email": {"host": "mail.x", "sender": "a@b", "password": "CHANGE-ME"}}, "sample secret"),
        ({"recipients": 2 * [{"name": "a", "webhook": "https://x/y", "secret": SECRET}]}, "stands twice"),
    ],
)
def test_settings_that_could_tell_nobody_or_tell_it_in_the_open_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        IncidentSettings.model_validate(changes)


def test_every_kind_can_be_told() -> None:
    assert patience().keys() == kinds().keys()
    assert DUTY == "incidents"
