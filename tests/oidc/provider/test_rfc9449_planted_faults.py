"""Faults planted where keys and certificates are judged: each is noticed by the tests that stand for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iam.services import client_proofs
from oidc.provider import client_certificates, dpop, possession
from oidc.provider.dpop import DpopProofs, DpopRefused
from oidc.provider.possession import Possession
from tests.oidc.provider import test_rfc8705_client_authentication as by_certificate
from tests.oidc.provider import test_rfc9449_proofs as proofs
from tests.oidc.provider import test_rfc9449_resources as resources
from tests.oidc.provider.machines import UNIT, Machines
from tests.oidc.provider.premises import OTHER, Premises
from tests.oidc.provider.wallet import UNSET, Wallet


def nothing(*_args: object) -> None:
    """Judges nothing."""


def keeps(house: Premises) -> Wallet:
    wallet = Wallet(house.clock)
    wallet.nonce = house.desk.possession.proofs.nonces.current()
    return wallet


def unbreakable(_modulus: int) -> bool:
    return False


def without_nonce(house: Premises) -> None:
    answer = proofs.ask(house, keeps(house).proof("POST", proofs.URL, nonce=UNSET))
    assert answer.get_json().get("error") == "use_dpop_nonce"


def factored(house: Premises) -> None:
    proofs.test_an_rsa_key_that_can_be_factored_is_refused_for_that(house, keeps(house))


def of_case(case: str) -> Callable[[Premises], None]:
    return lambda house: proofs.test_what_is_no_proof_for_this_request_gets_no_token_and_spends_nothing(
        house, keeps(house), case
    )


def at_the_api(case: str) -> Callable[[Premises], None]:
    return lambda house: resources.test_the_api_takes_a_bound_token_in_no_other_way_even_when_it_was_just_taken(
        house, case
    )


def another_enterprise(house: Premises) -> None:
    by_certificate.test_a_certificate_that_names_another_enterprise_proves_nobody(Machines(house), UNIT + OTHER)


PLANTED: dict[str, tuple[object, str, object, Callable[[Premises], None]]] = {
    "nonces are not asked for": (DpopProofs, "_check_nonce", nothing, without_nonce),
    "times are not looked at": (DpopProofs, "_check_times", nothing, of_case("J09 an hour old")),
    "the request is not looked at": (dpop, "_check_request", nothing, of_case("J10 another host")),
    "weak moduli are taken": (dpop, "_breakable", unbreakable, factored),
    "headers may hold anything": (dpop, "REFUSED_MEMBERS", frozenset(), of_case("J07 crit")),
    "ath is not looked at": (dpop, "_check_token", nothing, at_the_api("without ath")),
    "proofs are not used up": (
        possession,
        "redeem_key",
        nothing,
        resources.test_a_bound_token_of_software_opens_the_api_with_a_proof_each_time,
    ),
    "bound tokens are taken as they come": (Possession, "check_token", nothing, at_the_api("as bearer token")),
    "enterprises are not compared": (client_certificates, "_check_enterprise", nothing, another_enterprise),
    "certificates have no owner": (
        client_proofs,
        "_keep_owner",
        nothing,
        by_certificate.test_a_certificate_serves_one_client_alone,
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed(plain_house: Premises, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    where, name, spoilt, attack = PLANTED[fault]
    monkeypatch.setattr(where, name, spoilt)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        attack(plain_house)


@pytest.mark.parametrize("fault", PLANTED)
def test_without_the_fault_the_same_attack_is_refused(plain_house: Premises, fault: str) -> None:
    PLANTED[fault][3](plain_house)
    with pytest.raises(DpopRefused):
        plain_house.desk.possession.proofs.prove("", "POST", proofs.URL)
