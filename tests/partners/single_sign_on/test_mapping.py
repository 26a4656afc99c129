"""Claims cut down: what the tables name, in the house's own words, and nothing else; every case and property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from adapters.single_sign_on.causes import Refused
from adapters.single_sign_on.mint import pem
from adapters.single_sign_on.people import ACCOUNTS
from adapters.single_sign_on.wrapping import unwrap
from contracts.canonical.sign_in import SignedIn
from contracts.single_sign_on.messages import Introspection, TokenReply, VnconnectClaims, VneidClaims, WrappedReply
from mappings.single_sign_on.inbound import TABLES, level, owner_keys, signed_in
from mappings.table import Unmappable

CASES = sorted(Path(str(files("mappings.single_sign_on"))).joinpath("cases").glob("*.json"))
EXAMPLES = Path(str(files("contracts.single_sign_on"))).joinpath("examples")
MODELS: dict[Any, Any] = {"vnconnect": VnconnectClaims, "vneid": VneidClaims}
KEPT = {provider: {row.field for row in mapping} for provider, mapping in TABLES.items()}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    claims = MODELS[told["provider"]].model_validate(told["given"]).model_dump()
    if "refused" in told:
        with pytest.raises(Unmappable) as refused:
            signed_in(told["provider"], claims)
        assert refused.value.partner_field == told["refused"]
        assert not any(str(value) in str(refused.value) for value in told["given"].values() if len(str(value)) > 3)
        return
    person = signed_in(told["provider"], claims)
    assert person.model_dump(mode="json", exclude_none=True) == told["expect"]
    assert [list(key) for key in owner_keys(person)] == told["keys"]


EXAMPLES_OF: dict[str, type[BaseModel]] = {
    "userinfo_vnconnect": VnconnectClaims,
    "userinfo_vneid": VneidClaims,
    "introspect": Introspection,
    "token_vnconnect": TokenReply,
    "token_vneid": TokenReply,
    "token_vneid_wrapped": WrappedReply,
}


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def test_the_examples_fit_the_models() -> None:
    assert EXAMPLES_OF.keys() == {path.stem for path in EXAMPLES.glob("*.json")}
    for name, model in EXAMPLES_OF.items():
        assert set(model.model_validate(example(name)).model_extra or ()) <= {"scope"}, name


def test_a_reply_that_openssl_wrapped_is_opened() -> None:
    """The example was made with `openssl enc -aes-256-ecb` and `openssl pkeyutl`, so our reading agrees with more than itself."""
    key = load_pem_private_key(pem("province").encode(), None)
    assert isinstance(key, RSAPrivateKey)
    wrapped = WrappedReply.model_validate(example("token_vneid_wrapped"))
    assert json.loads(unwrap(key, wrapped.data, wrapped.key)) == example("token_vneid")
    bent = wrapped.data[:-6] + ("A" * 5) + "="
    for data, secret in (
        (bent, wrapped.key),
        (wrapped.data, wrapped.data),
        ("", wrapped.key),
        ("é", "é"),
        (wrapped.data, ""),
    ):
        with pytest.raises(Refused, match="cannot be opened with our private_key"):
            unwrap(key, data, secret)
    with pytest.raises(Refused, match="there is no private_key"):
        unwrap(None, wrapped.data, wrapped.key)


def test_every_row_reads_a_claim_the_contract_knows_and_says_where_it_stands() -> None:
    for provider, mapping in TABLES.items():
        for row in mapping:
            assert row.field in MODELS[provider].model_fields
            assert row.path in SignedIn.model_fields
            assert row.source


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    elif value is not None:
        yield str(value)


CANARY = st.text(alphabet="QWXZ", min_size=6, max_size=12)
JUNK = st.recursive(
    CANARY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CANARY, inner, max_size=3), max_leaves=6
)


@settings(max_examples=40)
@given(
    provider=st.sampled_from(["vnconnect", "vneid"]),
    junk=st.dictionaries(CANARY, JUNK, max_size=3),
    data=st.data(),
)
def test_nothing_but_what_the_tables_name_comes_through(provider: Any, junk: dict[str, Any], data: Any) -> None:
    claims = dict(ACCOUNTS[provider]["an"].claims)
    for name in set(MODELS[provider].model_fields) - KEPT[provider]:
        claims[name] = data.draw(CANARY if name == "sub" else JUNK, label=name)
    person = signed_in(provider, MODELS[provider].model_validate(claims | junk).model_dump())
    assert person == signed_in(provider, MODELS[provider].model_validate(ACCOUNTS[provider]["an"].claims).model_dump())
    told = set(leaves(person.model_dump(mode="json")))
    given_values = {str(claims[name]) for name in KEPT[provider] if claims.get(name)}
    ours = {provider, person.kind, str(person.level)}
    assert told <= given_values | ours
    assert person.model_fields_set <= set(SignedIn.model_fields)


@given(
    claims=st.fixed_dictionaries(
        {}, optional={name: CANARY | st.integers() | st.none() for name in sorted(KEPT["vnconnect"])}
    )
)
def test_whatever_the_claims_hold_it_is_a_person_or_a_named_refusal(claims: dict[str, Any]) -> None:
    read = VnconnectClaims.model_validate({"sub": "s", **claims}).model_dump()
    said = ""
    try:
        assert signed_in("vnconnect", read).name
    except Unmappable as refused:
        said = str(refused)
    assert not any(value in said for value in claims.values() if isinstance(value, str))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((2, 2), ("2", 2), ("IAL2", 2), ("2.0", 2), ([1, 2], 2), ([{"loa": 1}, {"loa": "2"}], 2)),
        *(("", None), ("cao", None), (True, None), (None, None), ([], None)),
    ],
)
def test_a_level_is_the_highest_number_named_and_none_where_there_is_none(said: Any, meant: int | None) -> None:
    back = level().back
    assert back is not None
    assert back(said) == meant
