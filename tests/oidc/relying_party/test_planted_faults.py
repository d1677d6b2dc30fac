"""The tests of families O11, O12 and D06 can fail: each notices the fault that it is there for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iam.domain.visits import LoginFlow, Visit
from iam.outside import judged_connections
from iam.services.visits import Visits
from oidc.relying_party import authorization_request, relying_party
from tests.oidc.relying_party import test_d06_reaching_inwards as d06
from tests.oidc.relying_party import test_o11_mix_up as o11
from tests.oidc.relying_party import test_o12_login_csrf as o12
from tests.oidc.relying_party.a_portal import OTHER_ISSUER, Traveller


def test_a_code_that_goes_to_whoever_took_the_provider_s_place_is_noticed(
    traveller: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization_request, "counterpart", lambda *_: "whoever")
    monkeypatch.setattr(relying_party, "counterpart", lambda *_: "whoever")
    attack = o11.when_configuration_changed(issuer=OTHER_ISSUER)
    with pytest.raises(AssertionError):
        o11.test_the_answer_of_one_provider_is_none_of_another_s(traveller, attack, o11.NOT_BELIEVED)


def test_a_state_that_serves_any_browser_is_noticed(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Visits.take_flow

    def any_browser(self: Visits, visit: Visit | None, provider: str, returned: str) -> Any:
        """Asks whose the login is, and says it is that one's."""
        [flow] = traveller.portal.gate.world.found(LoginFlow)
        return real(self, replace(visit, id=flow.visit) if visit else None, provider, returned)

    monkeypatch.setattr(Visits, "take_flow", any_browser)
    with pytest.raises(AssertionError):
        o12.test_an_answer_that_this_browser_did_not_ask_for_is_none(traveller, o12.in_another_browser, o12.NOT_BEGUN)


def test_a_nonce_that_nobody_compares_is_noticed(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oidc.relying_party.id_token.hmac.compare_digest", lambda *_: True)
    with pytest.raises(AssertionError):
        o12.test_an_id_token_that_does_not_answer_this_request_lets_nobody_in(traveller, {"nonce": "foreign"})


def test_an_inner_address_that_counts_as_public_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_connections, "is_public", lambda _written: True)
    with pytest.raises(AssertionError):
        d06.test_a_name_is_looked_up_once_and_judged_where_it_leads(["127.0.0.1"], [], monkeypatch)
