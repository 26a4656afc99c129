"""The catalogue of causes: complete for every partner's failure table, and writing a line relabels the past."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import discover
from adapters.transport.faults import MEANS, Fault
from bus.ledger.sql_ledger import open_ledger
from bus.outcome import Absent, Cause, Delivered
from bus.seal import Keyring
from ops import causes, desk
from ops.causes import Entry


def faults() -> Iterator[tuple[str, Fault]]:
    """Every line of every partner's failure table that is a failure."""
    for name in discover():
        try:
            room = importlib.import_module(f"adapters.{name}.faults")
        except ModuleNotFoundError:
            continue
        yield from ((name, fault) for fault in room.FAULTS if fault.means != "done")


def comes_to(fault: Fault) -> set[Cause]:
    """The failure classes a line comes to."""
    outcomes = [(kind, cause) for kind, cause in MEANS[fault.means] if kind not in (Delivered, Absent)]
    return {cause or Cause.UNKNOWN for _kind, cause in outcomes}


@pytest.mark.parametrize(
    ("partner", "fault"), list(faults()), ids=lambda value: value if isinstance(value, str) else value.means
)
def test_every_line_of_every_failure_table_has_its_own_in_both_languages(partner: str, fault: Fault) -> None:
    for cause in comes_to(fault):
        for code in fault.codes or ("*",):
            line = causes.entry(partner, cause.value, code)
            assert (line.partner, line.cause) == (partner, cause.value), (
                f"{partner} {cause} {code}: only the general line"
            )
            assert not fault.codes or line.code == code or cause is Cause.FORBIDDEN, (
                f"{partner} {cause} {code}: no line of its own"
            )
            assert all((line.title_vi, line.title_en, line.advice_vi, line.advice_en))


def test_every_class_has_a_line_for_any_partner() -> None:
    for cause in Cause:
        assert causes.entry("nobody", cause.value, "").partner == "*"


def test_what_a_line_calls_safe_is_never_refused_for_its_content() -> None:
    """A refused or unreadable message is the same when it is sent again: it is mended, or asked about, before."""
    lines = causes._delivered_with_us().values()
    assert [line for line in lines if line.cause in ("refused", "contract", "poison") and line.resend == "safe"] == []
    asked_first = [line for line in lines if line.cause in ("unknown", "crashed") and line.resend == "safe"]
    assert [line.partner for line in asked_first] == ["service_evaluation"], "EMC counts a repeat once"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "own" / "causes.csv"
    causes.OWN.use(file)
    yield file
    causes.OWN.use(None)


LINE = Entry(
    *("national_portal", "refused", "E217", "Mã đơn vị chưa khai báo", "The unit is not declared"),
    *("province", "fix", "Khai báo đơn vị trên Cổng", "Declare the unit at the portal"),
)


def test_a_new_line_relabels_what_failed_before_it_was_written(own: Path) -> None:
    assert not causes.known("national_portal", "refused", "E217")
    assert causes.entry("national_portal", "refused", "E217").code == "*"
    causes.OWN.write(LINE)
    assert causes.entry("national_portal", "refused", "E217") == LINE
    assert causes.known("national_portal", "refused", "E217")
    causes.OWN.write(LINE._replace(title_vi="Đơn vị chưa có trên Cổng"))
    assert causes.entry("national_portal", "refused", "E217").title_vi == "Đơn vị chưa có trên Cổng"
    own.unlink()
    assert causes.entry("national_portal", "refused", "E217").code == "*"


def test_a_file_edited_by_hand_is_read_again_and_a_bad_one_changes_nothing(own: Path) -> None:
    causes.OWN.write(LINE)
    assert causes.entry("national_portal", "refused", "E217") == LINE
    good = own.read_text()
    own.write_text(good.replace("province", "nobody"))
    assert causes.entry("national_portal", "refused", "E217") == LINE
    own.write_text(good.replace("E217", "E218"))
    assert causes.entry("national_portal", "refused", "E218").title_en == "The unit is not declared"
    own.write_text(good + good.splitlines()[1] + "\n")
    assert causes.known("national_portal", "refused", "E218"), "said twice: the lines of before stand"
    with pytest.raises(ValueError, match="a second time"):
        causes.OWN.use(own)


@pytest.mark.parametrize(
    "line",
    [
        LINE._replace(cause="nonsense"),
        LINE._replace(title_vi=" "),
        LINE._replace(advice_en=""),
        LINE._replace(partner=""),
    ],
)
def test_a_line_that_leaves_something_out_is_not_written(own: Path, line: Entry) -> None:
    with pytest.raises(ValueError, match="line 2"):
        causes.OWN.write(line)
    assert not own.exists()


def test_what_the_catalogue_does_not_know_is_a_group_of_its_own() -> None:
    assert not causes.known("social_insurance", "refused", "BH-1042")
    assert not causes.known("postal", "poison", "ReceiverProvince"), "the place in the mapping"
    assert causes.known("civil_registry", "refused", "any"), "the registry's prose decides, its code says nothing"
    assert causes.known("social_insurance", "refused", ""), "no code, no riddle"
    assert causes.known("postal", "not_sent", "111")
    one, other = (causes.fingerprint("social_insurance", "refused", code) for code in ("BH-1042", "BH-1043"))
    assert one != other


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def test_owner_and_note_of_a_group_are_kept_and_recorded(
    database: str, request: pytest.FixtureRequest, keys: Keyring
) -> None:
    ledger = open_ledger(str(request.getfixturevalue(f"{database}_url")), keys)
    book = ledger.groups()
    assert await book.of(["abc"]) == {}
    await book.keep("abc", "Tổ danh mục", "đã gọi VNPost", "lan")
    await book.keep("abc", "Trực ca sáng", "VNPost đang sửa", "minh")
    await book.keep("def", "Một cửa", "", "lan")
    kept = await book.of(["abc", "none"])
    assert [(one.owner, one.note, one.who) for one in kept.values()] == [("Trực ca sáng", "VNPost đang sửa", "minh")]
    told = [(n.who, n.reason, n.dossier, n.before, n.after) for n in await ledger.people().remarks(2**62, 10)]
    assert told == [
        ("lan", "", "cause:def", "", "Một cửa"),
        ("minh", "VNPost đang sửa", "cause:abc", "Tổ danh mục", "Trực ca sáng"),
        ("lan", "đã gọi VNPost", "cause:abc", "", "Tổ danh mục"),
    ]
    assert not await desk.note_cause(ledger, "abc", "", "", "lan"), "no failure of this group is open"
    assert (await book.of(["abc"]))["abc"].owner == ""
    await ledger.close()
