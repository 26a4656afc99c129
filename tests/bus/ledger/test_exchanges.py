"""What is kept about single exchanges: facts beside the sealed bytes, editions, neighbours within a filter, a lane's memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.ledger.edition import Edition
from bus.ledger.exchange import pack, unpack
from bus.ledger.words import Filter, Move, State
from bus.outcome import Cause
from tests.builders import DOSSIER
from tests.bus.ledger.conftest import DELIVERED, Desk, arrival

WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="="), min_size=1, max_size=12)


@given(st.binary(max_size=40), st.binary(max_size=40), st.text(max_size=20), st.dictionaries(WORD, WORD, max_size=4))
def test_what_was_exchanged_reads_back_as_it_was(
    request: bytes, reply: bytes, words: str, facts: dict[str, str]
) -> None:
    packed = pack(request, reply, words, facts)
    if request or reply or words:
        told = unpack(packed)
        assert (told.request, told.reply, told.facts) == (request, reply, facts)
    else:
        assert packed == b""


def test_what_was_sealed_before_facts_were_kept_is_still_read() -> None:
    assert unpack(b"3 2\nabcdexin") == (b"abc", b"de", "xin", {})


async def test_facts_are_told_with_the_attempt_and_a_repeat_gets_the_request_alone(desk: Desk) -> None:
    await desk.accept(arrival(1))
    facts = {"left": "5.5", "mapping": "0badcafe"}
    later = Move(State.WAITING, Cause.LATER, "send", desk.clock.now())
    await desk.close(await desk.one(), later, request=b"{}", facts=facts)
    again = await desk.one()
    assert again.request == b"{}"
    await desk.close(again, words="xong", facts={"left": "9.0"})
    story = await desk.ledger.story(DOSSIER)
    assert story is not None
    assert [attempt.facts for attempt in story.attempts] == [facts, {"left": "9.0"}]


async def test_an_edition_is_noted_once_and_numbered_by_when_it_was_first_used(desk: Desk) -> None:
    book = desk.ledger.editions()
    for digest in ("bb", "aa", "bb"):
        await book.keep(Edition("mapping", "postal", digest, f"says {digest}"))
        desk.clock.advance(60.0)
    await book.keep(Edition("mapping", "plain", "cc", ""))
    found = await book.all("mapping", "postal")
    assert [(one.digest, one.says) for one in found] == [("bb", "says bb"), ("aa", "says aa")]
    assert found[1].first_at - found[0].first_at == 60.0


async def test_neighbours_are_those_of_the_filter_and_none_beyond_its_ends(desk: Desk) -> None:
    await desk.accept(*(arrival(n) for n in range(1, 4)), arrival(1, dossier="000.00.17.H59-230425-0002"))
    views, _ = await desk.ledger.deliveries(Filter(dossier=DOSSIER))
    newest, middle, oldest = (view.id for view in views)
    mine = Filter(dossier=DOSSIER, states=(State.PENDING,))
    assert await desk.ledger.exchanges().beside(mine, middle) == (newest, oldest)
    assert await desk.ledger.exchanges().beside(mine, newest) == (None, middle)
    assert await desk.ledger.exchanges().beside(mine, oldest) == (middle, None)
    assert await desk.ledger.exchanges().beside(Filter(ids=(middle,), dossier=DOSSIER), middle) == (newest, oldest)


async def test_what_a_lane_remembers_is_told_for_each_of_its_deliveries(desk: Desk) -> None:
    await desk.accept(arrival(1, "state"), arrival(2))
    await desk.close(await desk.one(), DELIVERED, memo={"MaPhieu": "P-7"})
    view = (await desk.ledger.deliveries(Filter(states=(State.PENDING,))))[0][0]
    lane = await desk.ledger.exchanges().remembered(view)
    assert (lane.memo, lane.has_full) == ({"MaPhieu": "P-7"}, True)
    assert lane.key == (await desk.one()).key


async def test_people_keep_views_of_their_own(desk: Desk) -> None:
    views = desk.ledger.views()
    await views.save("lan", "Kẹt ở Cổng", "/console/causes?partner=national_portal")
    await views.save("lan", "Cổng", "/console/causes?partner=national_portal")
    await views.save("hoa", "Khác", "/console/causes")
    (mine,) = await views.of("lan")
    assert (mine.title, mine.address) == ("Cổng", "/console/causes?partner=national_portal")
    await views.drop("hoa", mine.id)
    assert len(await views.of("lan")) == 1, "nobody drops another's view"
    await views.drop("lan", mine.id)
    assert await views.of("lan") == []
