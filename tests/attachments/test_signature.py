"""Verdicts on real PDFs, signed with pyHanko by an authority of the test's own."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from adapters.dossier_system.simulator import FILES, TRUSTED
from adapters.result_files.signature import trust_roots, verify
from bus.seal import Keyring
from bus.sealed_file import SealedReader, SealedWriter
from tests import signed_pdf
from tests.signed_pdf import AGENCY, OFFICER, Authority, appended, plain, signed, tampered


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.new()


@pytest.fixture(scope="module")
def good(authority: Authority) -> bytes:
    return signed(authority.signer())


@pytest.fixture(scope="module")
def trusted(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trusted")
    (folder / "authority.pem").write_bytes(authority.pem)
    (folder / "README.txt").write_text("no certificate")
    return folder


def test_a_signed_result_is_valid_and_says_who_signed_and_when(good: bytes, trusted: Path) -> None:
    verdict, (one,) = verify(io.BytesIO(good), trust_roots(trusted))
    assert verdict == one.verdict == "valid"
    assert (one.signer, one.organisation) == (OFFICER, AGENCY)
    assert one.signed_at is not None
    assert one.signed_at.tzinfo is not None


def test_without_authorities_it_is_intact_and_the_signer_not_checked(good: bytes) -> None:
    assert verify(io.BytesIO(good), ())[0] == "intact"


def test_an_authority_nobody_trusts_vouches_in_vain(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(Authority.new("Another").pem)
    assert verify(io.BytesIO(good), trust_roots(tmp_path))[0] == "untrusted"


def test_a_certificate_that_has_ended_is_not_trusted(trusted: Path, authority: Authority) -> None:
    assert verify(io.BytesIO(signed(authority.signer(years=-1))), trust_roots(trusted))[0] == "untrusted"


def test_two_signatures_one_after_the_other_are_as_good_as_one(
    good: bytes, authority: Authority, trusted: Path
) -> None:
    both = signed(authority.signer(), good, "ChuKy2")
    verdict, found = verify(io.BytesIO(both), trust_roots(trusted))
    assert verdict == "valid"
    assert len(found) == 2


def test_of_two_signatures_the_worse_counts(good: bytes, trusted: Path) -> None:
    both = signed(Authority.new("Another").signer(), good, "ChuKy2")
    verdict, found = verify(io.BytesIO(both), trust_roots(trusted))
    assert verdict == "untrusted"
    assert {one.verdict for one in found} == {"valid", "untrusted"}


@pytest.mark.parametrize("spoil", [tampered, appended, lambda pdf: pdf + b"\n%more\n"])
def test_what_was_changed_after_signing_is_told(good: bytes, trusted: Path, spoil: object) -> None:
    assert callable(spoil)
    assert verify(io.BytesIO(spoil(good)), trust_roots(trusted))[0] == "changed_after_signing"


def test_a_signature_that_is_not_the_signers_is_invalid(good: bytes, trusted: Path) -> None:
    """The last bytes of the signature itself, which no digest covers."""
    at = len(good[: good.index(b"0" * 80 + b">")].rstrip(b"0")) - 40
    other = b"0000" if good[at : at + 4] != b"0000" else b"1111"
    assert verify(io.BytesIO(good[:at] + other + good[at + 4 :]), trust_roots(trusted))[0] == "invalid"


def test_a_heavy_file_is_verified_where_it_lies(authority: Authority, tmp_path: Path, keys: Keyring) -> None:
    with SealedWriter(tmp_path, keys) as sealed:
        sealed.write(signed(authority.signer(), plain(20 * 2**20)))
    tracemalloc.start()
    try:
        with io.BufferedReader(SealedReader(sealed.path, keys)) as file:
            assert verify(file, ())[0] == "intact"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_page_without_signature_is_unsigned(trusted: Path) -> None:
    assert verify(io.BytesIO(plain()), trust_roots(trusted)) == ("unsigned", ())


@pytest.mark.parametrize("broken", [b"%PDF-1.7\nnothing", b"%PDF-", b"%PDF-1.7\n" + b"<<" * 20_000])
def test_a_broken_file_is_unreadable_and_no_error(broken: bytes) -> None:
    assert verify(io.BytesIO(broken), ()) == ("unreadable", ())


def test_half_a_signed_file_is_unreadable(good: bytes) -> None:
    assert verify(io.BytesIO(good[: len(good) // 2]), ())[0] == "unreadable"


def test_a_file_in_the_folder_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    with pytest.raises(ValueError, match=r"ca\.pem holds no certificate"):
        trust_roots(tmp_path)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("signed.pdf", "valid"), ("changed.pdf", "changed_after_signing"), ("unsigned.pdf", "unsigned")],
)
def test_the_demos_files_are_what_their_names_say(name: str, verdict: str) -> None:
    assert verify(io.BytesIO((FILES / name).read_bytes()), trust_roots(TRUSTED))[0] == verdict


def test_the_demos_files_can_be_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["signed_pdf", str(tmp_path)])
    signed_pdf.main()
    assert verify(io.BytesIO((tmp_path / "signed.pdf").read_bytes()), trust_roots(tmp_path / "trusted"))[0] == "valid"
