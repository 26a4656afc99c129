"""Identifiers: what is right comes out normalised, what is wrong is refused by its rule."""

from __future__ import annotations

import contextlib
import unicodedata
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts import codes
from contracts.identifier import (
    AgencyId,
    BudgetUnitCode,
    CitizenId,
    DossierCode,
    LegalNumber,
    Name,
    OldId,
    PartialDate,
    PartialDay,
    Phone,
    ProcedureCode,
    SocialInsuranceNumber,
    TaxCode,
    agency_levels,
    citizen_parts,
    folded,
    looks_legacy,
    partial_date,
    procedure_parts,
    tidy,
)
from ops.sample.person import FAMILY, GIVEN, MIDDLE, tax_code

KINDS = (AgencyId, BudgetUnitCode, CitizenId, DossierCode, LegalNumber, Name, OldId, Phone, ProcedureCode, TaxCode)
DIGITS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=14)
OTHER_DIGITS = st.text(st.characters(categories=["Nd", "No"], exclude_characters="0123456789"), min_size=1, max_size=1)


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refused(kind: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as found:
        read(kind, value)
    return str(found.value.errors()[0]["msg"])


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        (AgencyId, " 000.00.17.h59 ", "000.00.17.H59"),
        (AgencyId, "h59.17.5", "H59.17.5"),
        (AgencyId, "H55.242", "H55.242"),
        (AgencyId, "G15", "G15"),
        (DossierCode, "000.00.17.h59-230425-0001", "000.00.17.H59-230425-0001"),
        (DossierCode, "H59.17.5-260701-12345", "H59.17.5-260701-12345"),
        (ProcedureCode, " 1.012783", "1.012783"),
        (ProcedureCode, "1.0133611", "1.0133611"),
        (ProcedureCode, "2.000488.000.00.00.H56", "2.000488.000.00.00.H56"),
        (ProcedureCode, "2.000815.000.00.00.h55.02", "2.000815.000.00.00.H55.02"),
        (ProcedureCode, "1.001193.01", "1.001193.01"),
        (ProcedureCode, "1.001193-Xoa", "1.001193"),
        (CitizenId, "084080000123", "084080000123"),
        (OldId, "334123456", "334123456"),
        (TaxCode, "0100109106", "0100109106"),
        (TaxCode, "0300588569", "0300588569"),
        (TaxCode, "0100109106-001", "0100109106-001"),
        (TaxCode, "0100109106001", "0100109106-001"),
        (TaxCode, "084080000123", "084080000123"),
        (SocialInsuranceNumber, "8422123456", "8422123456"),
        (BudgetUnitCode, "1061234", "1061234"),
        (Phone, "0912 345 678", "0912345678"),
        (Phone, "+84 912.345.678", "0912345678"),
        (Phone, "84912345678", "0912345678"),
        (Phone, "(0294) 3850000", "02943850000"),
        (Phone, "01234567890", "01234567890"),
        (LegalNumber, "61/2018/nđ-cp", "61/2018/NĐ-CP"),
        (LegalNumber, "61/2018/NÐ-CP", "61/2018/NĐ-CP"),
        (LegalNumber, "766/qđ-ttg", "766/QĐ-TTg"),
        (LegalNumber, "202/2025/QH15", "202/2025/QH15"),
        (LegalNumber, "1687/NQ-UBTVQH15", "1687/NQ-UBTVQH15"),
    ],
)
def test_a_good_one_comes_out_normalised_and_stays_so(kind: Any, given: str, held: str) -> None:
    assert read(kind, given) == held
    assert read(kind, held) == held


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (AgencyId, "000.00.17"),
        (AgencyId, "H59."),
        (AgencyId, "H5"),
        (AgencyId, "000.00.17.H59 x"),
        (DossierCode, "000.00.17.H59-230431-0001"),
        (DossierCode, "000.00.17.H59-231301-0001"),
        (DossierCode, "000.00.17.H59-230425-001"),
        (DossierCode, "000.00.17.H59-230425-0001\nx"),
        (DossierCode, "H59.-230425-0001"),
        (ProcedureCode, "x.xxxxxx"),
        (ProcedureCode, "1.01278"),
        (ProcedureCode, "1.012783.1"),
        (CitizenId, "08408000012"),
        (CitizenId, "08408000012A"),
        (OldId, "33412345"),
        (TaxCode, "0100109107"),
        (TaxCode, "0100109106-00"),
        (SocialInsuranceNumber, "842212345"),
        (BudgetUnitCode, "106123"),
        (Phone, "113"),
        (Phone, "0412345678"),
        (Phone, "nine"),
        (LegalNumber, "NĐ-CP"),
        (Name, ""),
        (Name, "\u200b"),
        (Name, 7),
    ],
)
def test_a_bad_one_is_refused(kind: Any, given: Any) -> None:
    assert refused(kind, given)


@given(st.data())
def test_a_good_one_with_a_digit_of_another_script_is_refused(data: st.DataObject) -> None:
    kind, good = data.draw(
        st.sampled_from(
            [
                (AgencyId, "000.00.17.H59"),
                (DossierCode, "000.00.17.H59-230425-0001"),
                (ProcedureCode, "1.012783"),
                (CitizenId, "084080000123"),
                (OldId, "334123456"),
                (TaxCode, "0100109106"),
                (SocialInsuranceNumber, "8422123456"),
                (BudgetUnitCode, "1061234"),
                (Phone, "0912345678"),
            ]
        )
    )
    place = data.draw(st.sampled_from([index for index, letter in enumerate(good) if letter.isdigit()]))
    assert refused(kind, good[:place] + data.draw(OTHER_DIGITS) + good[place + 1 :])


@given(st.sampled_from(KINDS), st.text() | DIGITS)
def test_any_text_is_refused_or_held_and_what_is_held_is_held_again(kind: Any, value: str) -> None:
    with contextlib.suppress(ValidationError):
        held = read(kind, value)
        assert read(kind, held) == held


@given(st.integers(0, 2**32))
def test_an_invented_tax_code_has_the_check_digit_of_the_register(seed: int) -> None:
    code = tax_code(Random(seed))
    assert read(TaxCode, code) == code
    assert refused(TaxCode, code[:9] + str((int(code[9]) + 1) % 10))


def test_both_forms_of_an_agency_id_have_the_same_levels() -> None:
    assert agency_levels("000.05.17.H59") == agency_levels("H59.17.5") == ("H59", "17", "5")
    assert agency_levels("000.00.00.H59") == agency_levels("H59") == ("H59",)
    assert agency_levels("H55.242") == ("H55", "242")


def test_a_procedure_code_is_taken_apart_and_never_cut_as_a_prefix() -> None:
    assert procedure_parts("2.000815.000.00.00.H55.02") == ("2.000815", "000.00.00.H55", "02")
    assert procedure_parts("1.0133611").base == "1.0133611"
    with pytest.raises(ValueError, match="not a procedure code"):
        procedure_parts("1.01278")


def test_every_procedure_code_of_the_catalogue_is_read() -> None:
    assert [row.code for row in codes.every("procedure") if read(ProcedureCode, row.code) != row.code] == []


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("084080000123", ("084", "male", 1980)),
        ("086199000123", ("086", "female", 1999)),
        ("083305000123", ("083", "female", 2005)),
    ],
)
def test_a_personal_id_tells_place_sex_and_year_of_birth(number: str, parts: tuple[str, str, int]) -> None:
    assert citizen_parts(number) == parts


@given(st.dates(date(1850, 1, 1)), st.integers(1, 3))
def test_a_date_known_in_part_is_read_back_as_written(day: date, known: int) -> None:
    written = "-".join(day.isoformat().split("-")[:known])
    read_back = read(PartialDay, written)
    assert str(read_back) == written
    assert read_back.precision == ("year", "month", "day")[known - 1]
    assert partial_date(read_back) == read_back
    assert TypeAdapter(PartialDay).dump_python(read_back) == written


@pytest.mark.parametrize(
    "value", ["", "57", "1957-13", "1957-02-30", "1957-8", "1_57", "+957", "٢٠٢٦", "0000", "1957-08-12-01", 1957, None]
)
def test_an_impossible_date_is_refused(value: Any) -> None:
    assert refused(PartialDay, value)


def test_a_partial_date_knows_what_it_does_not_know() -> None:
    assert partial_date("1957") == PartialDate(1957)
    assert partial_date("1957-08") == PartialDate(1957, 8)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
def test_tidy_text_is_normal_has_single_blanks_and_is_not_tidied_further(value: str) -> None:
    once = tidy(value)
    assert tidy(once) == once
    assert "  " not in once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("letter", ["\x00", "\x01", "\x1b", "\x7f", "\x80", "\uffff"])
def test_letters_that_no_partner_can_be_told_are_refused(letter: str) -> None:
    assert "control characters" in refused(Name, f"Nguyễn{letter}An")


def test_half_a_surrogate_pair_is_refused_wherever_it_comes_from() -> None:
    for half in ("\ud800", "\udfff"):
        with pytest.raises(ValidationError):
            read(Name, f"Nguyễn{half}An")


def test_decomposed_zero_width_and_bidi_names_become_plain_ones() -> None:
    assert tidy(unicodedata.normalize("NFD", "Huỳnh Thị Đỗ Quyên")) == "Huỳnh Thị Đỗ Quyên"
    assert tidy("\ufeffNguyễn\u200b \u202eAn\u2069") == "Nguyễn An"
    assert tidy("Nguye\u200b\u0302\u0303n") == "Nguyễn", "what stood between a letter and its marks is gone first"


def test_real_vietnamese_is_never_taken_for_an_old_font() -> None:
    texts = [row.name_vi for name in ("procedure", "ward", "province") for row in codes.every(name)]
    texts += [*FAMILY, *(name for table in (MIDDLE, GIVEN) for names in table.values() for name in names)]
    assert [text for text in texts if looks_legacy(text)] == []


@pytest.mark.parametrize("text", ["NguyÔn V¨n An", "Ph¹m ThÞ Thu", "Nguyeãn Vaên An", "Traàn Thò Bích", "Voõ Vaên Tuù"])
def test_text_in_the_bytes_of_an_old_font_is_noticed(text: str) -> None:
    assert looks_legacy(text)


def test_names_are_compared_without_accents_case_and_tone_placement() -> None:
    assert folded("Hoà Đỗ") == folded("hòa ĐỖ") == "hoado"


def test_every_rule_names_its_source() -> None:
    for kind in (*KINDS, SocialInsuranceNumber, PartialDay):
        if kind is Name:
            continue
        with pytest.raises(ValidationError) as found:
            read(kind, "?")
        assert found.value.errors()[0]["ctx"]["source"]
