"""The conformance kit: every simulator keeps its contract, and what does not is named in words its developer can use."""

from __future__ import annotations

from typer.testing import CliRunner

from bus.adapter import Partner
from ops import conformance
from ops.cli import app
from ops.commands.common import UNREACHABLE, USAGE
from ops.conformance import Finding, examine
from ops.simulate import Served, application, bind
from tests.partners.rooms import PARTNERS, each_partner, settings_of
from tests.servers import free_port


async def found(partner: Partner, **left: int) -> list[Finding]:
    """What is found of its simulator, with this weather."""
    served = Served(application(partner.name, None), bind("127.0.0.1", 0))
    await served.started()
    served.app.state.simulator.weather.left.update(left)
    try:
        return await examine(partner, settings_of(partner, served.url), 7)
    finally:
        await served.stop()


@each_partner
async def test_every_simulator_keeps_its_contract(partner: Partner) -> None:
    findings = await found(partner)
    assert [one for one in findings if one.holds is False] == []
    taken = {one.of for one in findings if one.check == "takes" and one.holds}
    assert taken == {operation.name for operation in partner.operations if not operation.inside}
    asked = {one.of for one in findings if one.check == "finds"}
    assert asked == {lookup.name for lookup in partner.lookups}


async def test_a_service_that_answers_nonsense_is_named() -> None:
    findings = await found(PARTNERS["postal"], html=-1)
    wrong = [one for one in findings if one.holds is False]
    assert wrong
    assert all(one.words and one.check in conformance.CHECKS for one in wrong)


async def test_what_is_refused_is_told_in_the_partners_own_words() -> None:
    findings = await found(PARTNERS["legal_documents"], says=-1)
    wrong = [one for one in findings if one.holds is False]
    assert wrong
    assert all(one.words for one in wrong)


def test_nobody_there_is_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = CliRunner().invoke(app, ["conformance", "postal", "--url", url, "--demo"])
    assert done.exit_code == UNREACHABLE
    assert done.stderr.startswith(f"lienthong: no service answers at {url}")


def test_a_contract_nobody_has_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["conformance", "nobody", "--url", "http://127.0.0.1:9"])
    assert done.exit_code == USAGE
