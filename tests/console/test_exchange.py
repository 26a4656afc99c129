"""One exchange on its page, by the API and by the command: five stages, four times, editions, neighbours; nobody's data in clear."""

from __future__ import annotations

import re
from itertools import pairwise

import httpx

from bus.ledger.words import Claim, Filter, Move, Result, State
from bus.outcome import Cause
from mappings.table import Unmappable
from ops import dossiers
from ops.console.exchange import moments, spans
from ops.console.text import Speech
from ops.exchange import Times
from ops.story import tell
from tests.console.conftest import CODE, PORTAL, RECEIVED, Office, page

NAME = RECEIVED.data["dossier"]["applicant"]["name"]
CITIZEN = RECEIVED.data["dossier"]["applicant"]["citizen_id"]


async def refused(console: httpx.AsyncClient) -> int:
    (dead,) = (await console.get("/v1/deliveries", params={"partner": PORTAL, "state": "dead"})).json()["items"]
    return int(dead["id"])


async def test_an_exchange_is_told_through_its_stages_and_shows_nobody(console: httpx.AsyncClient) -> None:
    number = await refused(console)
    shown = await page(console, f"/console/exchanges/{number}")
    for said in ("Nhận về", "Mô hình chung", "Gửi đối tác", "Đối tác trả lời", "Đã áp dụng"):
        assert said in shown
    assert "MaTTHC" in shown, "the partner's own field names"
    assert "dữ liệu không hợp lệ" in shown, "the partner's own words"
    assert "bản 1" in shown, "the edition that mapped it"
    assert "giờ Việt Nam, dạng yyyyMMddHHmmss" in shown, "the rule by which a value changed"
    assert re.search(r"rời ta \d\d:\d\d:\d\d,\d{3}", shown)
    assert re.search(r"đối tác xử lý [\d.]+ ms", shown), "the partner said how long it worked on it"
    assert "không cho biết lúc nhận được" not in shown
    for secret in (NAME, CITIZEN, RECEIVED.data["dossier"]["summary"]):
        assert secret not in shown
    english = await page(console, f"/console/exchanges/{number}?lang=en")
    assert "Whose time" in english
    assert "time yyyyMMddHHmmss at UTC+7" in english


async def test_a_message_that_could_not_be_made_is_not_laid_to_the_partner(office: Office) -> None:
    lan = await office.person("lan", "operator")
    ledger = office.house.ledger
    why = str(Unmappable("DiaChi", "nowhere", "the applicant has no address; the post needs one"))
    said = "DiaChi (từ nowhere): người nộp không có địa chỉ; bưu điện cần có"
    claimed = await ledger.claim(Claim(PORTAL, worker=ledger.process, calls=5, rows=5, lease_s=30, batches={}))
    dead = Move(State.DEAD, Cause.POISON, doubt=0)
    await ledger.record([Result(job, dead, "Contract", code="MaTTHC", words=why) for job in claimed.jobs])
    (one,), _ = await ledger.deliveries(Filter(partner=PORTAL, states=(State.DEAD,)))
    shown = (await lan.get(f"/console/exchanges/{one.id}")).text
    assert f"Lý do, theo trục:</b> “{said}”" in shown
    assert "trả lời:" not in shown, "the partner has never seen it"
    heads = re.findall(r'<th scope="col"><b>(\d).*?</th>', shown, re.DOTALL)
    assert heads == ["1", "2", "3", "4", "5"]
    request, answer = re.findall(r'<th scope="col"><b>[34] .*?</th>', shown, re.DOTALL)
    assert "MaTTHC" in request, "it failed where it was to be made"
    assert "MaTTHC" not in answer
    story = (await lan.get(f"/console/dossiers/{CODE}?delivery={one.id}")).text
    assert f"Lý do, theo trục:</span> “{said}”" in story
    groups = re.findall(r'group=([^#"]+)#group', (await lan.get("/console/causes")).text)
    causes = [(await lan.get(f"/console/causes?group={group}")).text for group in groups]
    assert any(f"“{said}”" in cause for cause in causes)
    told = await dossiers.story(ledger, office.house.partners, CODE, office.house.calendar)
    assert told is not None
    assert f"“{why}”" in (await lan.get(f"/console/exchanges/{one.id}?lang=en")).text
    assert (said in tell(told, "vi"), why in tell(told, "en")) == (True, True)


async def test_only_what_differs_is_shown_when_asked(console: httpx.AsyncClient) -> None:
    number = await refused(console)
    both = [await page(console, f"/console/exchanges/{number}{query}") for query in ("", "?only=differs")]
    assert [shown.count('class="diff"') > 0 for shown in both] == [True, True]
    assert "<details" in both[0]
    assert "<details" not in both[1], "what was not sent does not differ"
    assert both[0].count("<tr>") > both[1].count("<tr>") + 5


async def test_the_api_tells_the_same_with_times_and_editions(console: httpx.AsyncClient) -> None:
    number = await refused(console)
    told = (await console.get(f"/v1/exchanges/{number}")).json()
    assert (told["dossier"], told["outcome"], told["attempt"]) == (CODE, "Permanent", 1)
    assert told["times"]["measured"]
    assert told["times"]["left_at"] <= told["times"]["answered_at"] <= told["times"]["read_at"]
    assert {kind: line["number"] for kind, line in told["editions"].items()} == {
        "contract": 1,
        "mapping": 1,
        "codes": 1,
    }
    by_path = {line["path"]: line for line in told["fields"]}
    code = by_path["dossier.procedure.code"]
    assert code["request"]["name"] == "MaTTHC"
    name = by_path["dossier.applicant.name"]
    assert (name["request"]["masked"], name["request"]["differs"]) == (True, False)
    assert NAME not in str(told)
    assert (await console.get(f"/v1/exchanges/{number}?attempt=7")).status_code == 404
    assert (await console.get("/v1/exchanges/999999")).status_code == 404
    await page(console, "/console/exchanges/999999", 404)


async def test_previous_and_next_stay_within_the_filter_of_the_address(console: httpx.AsyncClient) -> None:
    number = await refused(console)
    alone = await page(console, f"/console/exchanges/{number}?state=dead&partner={PORTAL}")
    assert alone.count('aria-disabled="true"') == 2
    assert f'href="/console/deliveries?state=dead&amp;partner={PORTAL}"' in alone, "back to the list it was opened from"
    mine = await page(console, f"/console/exchanges/{number}")
    assert mine.count('aria-disabled="true"') < 2, "without a filter the dossier's own exchanges"
    assert f'data-copy="http://127.0.0.1:{console.base_url.port}/console/exchanges/{number}?attempt=1"' in mine


async def test_a_mark_of_the_track_leads_to_its_tries_and_they_to_the_exchange(console: httpx.AsyncClient) -> None:
    number = await refused(console)
    shown = await page(console, f"/console/dossiers/{CODE}?delivery={number}")
    assert f'href="/console/exchanges/{number}?attempt=1"' in shown


async def test_somebody_bound_to_a_partner_sees_no_other_partner_s_exchange(office: Office) -> None:
    views = {d.partner: d.id for d in (await office.house.ledger.deliveries(Filter()))[0]}
    theirs = await office.person("ba", "viewer", partner="electronic_iso")
    assert (await theirs.get(f"/console/exchanges/{views['electronic_iso']}")).status_code == 200
    assert (await theirs.get(f"/console/exchanges/{views[PORTAL]}")).status_code == 404


async def test_a_revealed_field_is_in_clear_for_who_revealed_it_alone(office: Office) -> None:
    number = next(d.id for d in (await office.house.ledger.deliveries(Filter()))[0] if d.partner == PORTAL)
    address = f"/console/exchanges/{number}"
    reader, viewer = await office.person("doc", "data_reader"), await office.person("xem", "viewer")
    shown = (await reader.get(address)).text
    ask = re.search(r'href="(/console/reveal\?[^"]*field=name[^"]*)"', shown)
    assert ask
    assert NAME not in shown
    form = (await reader.get(ask[1].replace("&amp;", "&"))).text
    done = await reader.submit(
        form, "/console/reveal", dossier=CODE, field="name", purpose="gọi lại cho người nộp", back=address
    )
    assert done.headers["location"] == address
    assert NAME in (await reader.get(address)).text
    plain = (await viewer.get(address)).text
    assert NAME not in plain
    assert "/console/reveal" not in plain


def test_the_time_bar_says_whose_time_it_was_as_far_as_the_partner_tells() -> None:
    say = Speech("vi", 0.0)
    told = spans(Times(10.0, 10.092, 12.812, 12.85, measured=True), say)
    assert [(span.partner, span.words) for span in told] == [
        (False, "đi 92 ms"),
        (True, "đối tác xử lý 2.720 ms"),
        (False, "về 38 ms"),
    ]
    assert all(before.x + before.width < after.x for before, after in pairwise(told))
    assert told[-1].x + told[-1].width <= 754.01
    untold = Times(10.0, None, 12.812, 12.85, measured=True)
    assert [span.words for span in spans(untold, say)] == ["đi và đối tác xử lý 2.812 ms", "về 38 ms"]
    assert [name for name, _ in moments(untold, say)] == ["rời ta", "trả lời", "ta đọc"]
    assert spans(Times(None, None, None, None, measured=False), say) == []
