"""Times, audience, issuer and the types of claims (attack families J09 and J10)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc.jose import (
    InvalidToken,
    TokenFault,
    check_audience,
    check_issuer,
    check_times,
    text_claim,
    time_claim,
    verify,
)
from tests.oidc.jose_material import ALL, CLAIMS, HEADER, KEYS, NOW, forge

LIFE = timedelta(seconds=300)
AT = int(NOW.timestamp())


def time_fault(times: Mapping[str, object], *, now: datetime = NOW, iat_required: bool = False) -> TokenFault:
    with pytest.raises(InvalidToken) as refusal:
        check_times({"exp": AT + 300, **times}, now, max_life=LIFE, iat_required=iat_required)
    return refusal.value.code


def test_a_token_is_good_until_the_instant_before_it_expires() -> None:
    expires = NOW + timedelta(seconds=300)
    claims = {"iat": AT, "nbf": AT, "exp": AT + 300}
    times = check_times(claims, expires - timedelta(microseconds=1), max_life=LIFE)
    assert (times.issued_at, times.not_before, times.expires_at) == (NOW, NOW, expires)
    for late in (
        expires,
        expires + timedelta(microseconds=1),
        expires + timedelta(seconds=9),
        expires + timedelta(days=1),
    ):
        assert time_fault(claims, now=late) is TokenFault.EXPIRED


MALFORMED_TIMES = [
    "1795349100",
    "",
    True,
    False,
    None,
    [AT],
    {"at": AT},
    -1,
    -1.5,
    0,
    0.0,
    -0.0,
    2**33,
    2**63,
    10**18,
    1e308,
    -1e308,
    253_402_300_799,
    float("inf"),
    float("-inf"),
    float("nan"),
]


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
@pytest.mark.parametrize("value", MALFORMED_TIMES)
def test_a_time_that_is_no_number_of_seconds_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidToken) as refusal:
        time_claim({name: value}, name)
    assert refusal.value.code is TokenFault.CLAIM_MALFORMED


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
@pytest.mark.parametrize(
    "value", [value for value in MALFORMED_TIMES if not isinstance(value, float) or abs(value) < 1e309]
)
def test_a_genuine_signature_does_not_make_a_time_a_number(name: str, value: object) -> None:
    with pytest.raises(InvalidToken) as refusal:
        verify(forge(HEADER, {**CLAIMS, name: value}), keys=KEYS, algorithms=ALL, typ="at+jwt")
    assert refusal.value.code in (TokenFault.CLAIM_MALFORMED, TokenFault.MALFORMED_PAYLOAD)


def test_a_token_without_end_is_refused() -> None:
    with pytest.raises(InvalidToken) as refusal:
        check_times({"iat": AT}, NOW, max_life=LIFE)
    assert refusal.value.code is TokenFault.CLAIM_MISSING


def test_the_time_of_issue_may_be_required() -> None:
    assert time_fault({}, iat_required=True) is TokenFault.CLAIM_MISSING
    assert check_times({"exp": AT + 300, "iat": AT}, NOW, max_life=LIFE, iat_required=True).issued_at == NOW


@pytest.mark.parametrize("ahead", [10.001, 11, 61, 300, 86_400, 253_402_300_799 - AT])
@pytest.mark.parametrize(("name", "fault"), [("nbf", TokenFault.NOT_YET_VALID), ("iat", TokenFault.ISSUED_IN_FUTURE)])
def test_a_token_from_the_future_is_refused(name: str, fault: TokenFault, ahead: float) -> None:
    assert time_fault({name: AT + ahead}) in (fault, TokenFault.CLAIM_MALFORMED)


@pytest.mark.parametrize("ahead", [0, 5, 10])
def test_a_clock_may_be_ten_seconds_ahead(ahead: int) -> None:
    claims = {"iat": AT + ahead, "nbf": AT + ahead, "exp": AT + ahead + 300}
    assert check_times(claims, NOW, max_life=LIFE).expires_at == NOW + timedelta(seconds=300 + ahead)


@pytest.mark.parametrize(
    "times",
    [
        {"exp": AT + 86_400},
        {"exp": AT + 311},
        {"exp": AT + 310.5},
        {"exp": AT + 300, "iat": AT - 1},
        {"exp": AT + 311, "iat": AT + 10},
        {"exp": AT + 86_400, "iat": AT},
        {"exp": AT + 10, "iat": AT - 86_400},
        {"exp": AT + 315_360_000, "iat": AT, "nbf": AT},
    ],
)
def test_a_token_that_lives_too_long_is_refused(times: dict[str, object]) -> None:
    assert time_fault(times) is TokenFault.LIVES_TOO_LONG


def test_a_wider_tolerance_than_a_minute_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="60 seconds"):
        check_times({"exp": AT + 300}, NOW, max_life=LIFE, skew=timedelta(seconds=61))


@given(st.integers(-400, 400), st.integers(-400, 400) | st.none(), st.integers(-400, 400) | st.none())
def test_what_passes_is_alive_and_short_lived(exp: int, iat: int | None, nbf: int | None) -> None:
    offsets = {"exp": exp, "iat": iat, "nbf": nbf}
    claims = {name: AT + offset for name, offset in offsets.items() if offset is not None}
    try:
        check_times(claims, NOW, max_life=LIFE)
    except InvalidToken:
        passed = False
    else:
        passed = True
    issued = 10 if iat is None else iat
    assert passed == (exp > 0 and issued <= 10 and (nbf is None or nbf <= 10) and exp - issued <= 300)


ISSUER = "https://procura.example"


def audience_fault(aud: object, *, single_string: bool = True, expected: str | frozenset[str] = ISSUER) -> TokenFault:
    with pytest.raises(InvalidToken) as refusal:
        check_audience({"aud": aud}, expected, single_string=single_string)
    return refusal.value.code


FOREIGN = [
    "",
    "https://procura.example/",
    "https://procura.example/token",
    "https://procura.example.evil",
    "https://evil.example",
    "HTTPS://procura.example",
    "https://procura.example ",
    "https://procura.exampl",
    "https://procura.exam\u0440le",
    None,
    1,
    True,
    {},
    [],
    [[ISSUER]],
    [1],
    [None],
    [ISSUER, 1],
    [ISSUER, ""],
    [ISSUER, "https://evil.example"],
    ["https://evil.example", ISSUER],
    [ISSUER, ISSUER],
    [ISSUER, ISSUER + "/"],
    {ISSUER: 1},
    [str(number) for number in range(10_000)],
    [ISSUER] * 10_000,
]


@pytest.mark.parametrize("single_string", [True, False])
@pytest.mark.parametrize("aud", FOREIGN)
def test_a_token_for_somebody_else_is_refused(aud: object, single_string: bool) -> None:
    assert audience_fault(aud, single_string=single_string) in (TokenFault.WRONG_AUDIENCE, TokenFault.CLAIM_MALFORMED)


def test_a_token_for_nobody_is_refused() -> None:
    with pytest.raises(InvalidToken) as refusal:
        check_audience({}, ISSUER, single_string=False)
    assert refusal.value.code is TokenFault.CLAIM_MISSING


def test_a_list_of_one_is_refused_where_a_single_string_is_asked() -> None:
    assert audience_fault([ISSUER]) is TokenFault.WRONG_AUDIENCE
    check_audience({"aud": [ISSUER]}, ISSUER, single_string=False)
    check_audience({"aud": ISSUER}, ISSUER, single_string=True)


def test_several_names_of_ours_are_all_ours() -> None:
    ours = frozenset({ISSUER, ISSUER + "/token"})
    check_audience({"aud": ISSUER + "/token"}, ours, single_string=True)
    check_audience({"aud": [ISSUER, ISSUER + "/token"]}, ours, single_string=False)
    assert audience_fault([ISSUER, ISSUER + "/par"], single_string=False, expected=ours) is TokenFault.WRONG_AUDIENCE


@pytest.mark.parametrize(
    "iss", ["", ISSUER + "/", ISSUER + ".evil", ISSUER.upper(), " " + ISSUER, None, 1, [ISSUER], {}, "x" * 513]
)
def test_another_issuer_is_refused(iss: object) -> None:
    with pytest.raises(InvalidToken) as refusal:
        check_issuer({"iss": iss}, ISSUER)
    assert refusal.value.code in (TokenFault.WRONG_ISSUER, TokenFault.CLAIM_MALFORMED)


def test_the_same_issuer_is_accepted_and_an_absent_one_refused() -> None:
    check_issuer({"iss": ISSUER}, ISSUER)
    with pytest.raises(InvalidToken) as refusal:
        check_issuer({}, ISSUER)
    assert refusal.value.code is TokenFault.CLAIM_MISSING


@pytest.mark.parametrize("name", ["sub", "jti", "iss", "client_id", "azp"])
@pytest.mark.parametrize("value", [1, 1.5, True, None, [], ["a"], {}, {"a": 1}, "", "x" * 513, "x" * 8_000])
def test_a_name_that_is_no_short_string_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidToken) as refusal:
        verify(forge(HEADER, {**CLAIMS, name: value}), keys=KEYS, algorithms=ALL, typ="at+jwt")
    assert refusal.value.code is TokenFault.CLAIM_MALFORMED


@pytest.mark.parametrize("name", ["sub", "jti", "client_id", "azp", "niss"])
def test_a_name_has_at_most_255_characters(name: str) -> None:
    assert text_claim({name: "x" * 255}, name) == "x" * 255
    with pytest.raises(InvalidToken) as refusal:
        text_claim({name: "x" * 256}, name)
    assert refusal.value.code is TokenFault.CLAIM_MALFORMED


def test_two_subjects_are_refused() -> None:
    payload = json.dumps(dict(CLAIMS))[:-1] + ',"sub":"client-2"}'
    with pytest.raises(InvalidToken) as refusal:
        verify(forge(HEADER, payload.encode()), keys=KEYS, algorithms=ALL, typ="at+jwt")
    assert refusal.value.code is TokenFault.MALFORMED_PAYLOAD


def test_an_instant_with_a_fraction_keeps_it() -> None:
    assert time_claim({"iat": 1.5}, "iat") == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert time_claim({}, "iat") is None
