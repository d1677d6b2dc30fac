"""The sandbox's OpenID Providers let people log in over real protocols, and misbehave when they are asked to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProviders
from iam.outside.guarded_web import GuardedWeb
from iam.outside.login_providers import read_providers
from iam.sandbox.country import read_country
from iam.sandbox.identity_providers.openid_profiles import PROFILES
from iam.sandbox.identity_providers.openid_tricks import Trick
from iam.sandbox.identity_server import IdentityProviders, playing_identity_providers
from iam.sandbox.serving import serving
from iam.settings import UnsafeSettings
from tests.oidc.relying_party.premises import Premises
from tests.storage.clocks import START, SetClock

COUNTRY = read_country(START.date())
SECONDS = 5


@dataclass
class Stage:
    """Our door and the providers, each on a port, and a browser."""

    door: Premises
    url: str
    identities: IdentityProviders

    def leave(self, provider: str) -> str:
        """The provider's page, to which our door leads."""
        page = requests.post(f"{self.url}/sign-in/oidc/{provider}/start", allow_redirects=False, timeout=SECONDS)
        assert page.status_code == 303, self.door.hall.turned
        return page.headers["Location"]

    def login(self, provider: str, level: str = "", trick: Trick = Trick.NONE, answer: str = "log_in") -> None:
        """From the door to the provider's page and back."""
        address = self.leave(provider)
        page = requests.get(address, timeout=SECONDS).text
        chosen = re.search(r'<option value="([^"]+)" selected', page)
        assert chosen
        form = {"persona": "zita", "level": level or chosen[1], "trick": trick.value, "answer": answer}
        decided = requests.post(address, data=form, allow_redirects=False, timeout=SECONDS)
        assert decided.status_code == 303, decided.text
        requests.get(decided.headers["Location"], allow_redirects=False, timeout=SECONDS)


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="module")
def running(clock: SetClock) -> Iterator[Stage]:
    door = Premises(production=False, clock=clock)
    web = GuardedWeb(public_only=False)
    stages: list[Stage] = []
    with (
        serving(lambda url: door.opened(web, url), 0) as url,
        playing_identity_providers(COUNTRY, clock, url) as identities,
    ):
        text = "\n".join(one.configuration() for one in identities.players if one.told().keys() <= NAMES)
        door.hall.providers = read_providers(text, production=False)
        stages.append(Stage(door, url, identities))
        yield stages[0]


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.door.hall.welcomed.clear()
    running.door.hall.turned.clear()
    return running


NAMES = {profile.id for profile in PROFILES}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.id)
def test_a_login_proves_persona_and_level_at_each_provider(stage: Stage, profile: object) -> None:
    assert profile in PROFILES
    for level, assurance in profile.levels.items():  # type: ignore[attr-defined]
        stage.login(profile.id, level)  # type: ignore[attr-defined]
        assert stage.door.hall.turned == []
        proven = stage.door.hall.welcomed[-1]
        assert proven.niss == COUNTRY.niss_of("zita") and proven.assurance is assurance
        assert proven.personal is not None and proven.personal.family_name == "Zomaar"


def test_the_federal_service_tells_which_key_was_shown(stage: Stage) -> None:
    for level, key in (("500", LoginKey.EID), ("450", LoginKey.ITSME), ("400", LoginKey.TOTP), ("200", LoginKey.FAS)):
        stage.login("fas", f"urn:be:fedict:iam:fas:Level{level}")
        assert stage.door.hall.welcomed[-1].key is key


REFUSED = {
    Trick.OTHER_STATE: "oidc_not_begun_here",
    Trick.OTHER_ISSUER: "oidc_not_believed",
    Trick.WRONG_NONCE: "oidc_not_believed",
    Trick.EXPIRED: "oidc_not_believed",
    Trick.OTHER_AUDIENCE: "oidc_not_believed",
    Trick.LEVEL_TOO_LOW: "oidc_level_unknown",
    Trick.STALE_LOGIN: "oidc_not_recent",
    Trick.UNSIGNED: "oidc_not_believed",
    Trick.OTHER_SUBJECT: "oidc_not_believed",
    Trick.NOT_ENCRYPTED: "oidc_not_believed",
}


@pytest.mark.parametrize(("trick", "code"), REFUSED.items())
def test_a_provider_that_misbehaves_lets_nobody_in(stage: Stage, trick: Trick, code: str) -> None:
    stage.login("itsme", trick=trick)
    assert stage.door.hall.welcomed == []
    assert [one[1] for one in stage.door.hall.turned] == [code]


def test_every_trick_is_tried_or_is_no_lie() -> None:
    truthful = {Trick.NONE, Trick.NEW_ACCOUNT, Trick.FOREIGN_DOCUMENT, Trick.NO_NUMBER}
    assert REFUSED.keys() | truthful == set(Trick)


def test_who_declines_is_led_back(stage: Stage) -> None:
    stage.login("itsme", answer="deny")
    assert [one[1] for one in stage.door.hall.turned] == ["oidc_cancelled"]


def test_an_account_made_anew_keeps_the_number_and_changes_the_subject_abroad(stage: Stage) -> None:
    stage.login("itsme", trick=Trick.NEW_ACCOUNT)
    assert stage.door.hall.welcomed[-1].niss == COUNTRY.niss_of("zita")
    stage.login("itsme", trick=Trick.FOREIGN_DOCUMENT)
    abroad = stage.door.hall.welcomed[-1]
    assert (abroad.niss, abroad.issued_in) == (None, "RO") and len(abroad.subject.rpartition("#")[2]) == 36


def test_a_number_may_be_missing_at_the_federal_service(stage: Stage) -> None:
    stage.login("fas", trick=Trick.NO_NUMBER)
    proven = stage.door.hall.welcomed[-1]
    assert (proven.niss, proven.issued_in) == (None, "ZZ") and proven.subject


def test_a_log_out_at_the_provider_reaches_the_service(stage: Stage) -> None:
    stage.login("mygov")
    address = f"{stage.identities.told()['mygov']}/sessions"
    session = stage.door.hall.welcomed[-1].provider_session
    assert session in requests.get(address, timeout=SECONDS).text
    headers = {"Accept": "application/json"}
    told = requests.post(address, data={"session": session}, headers=headers, timeout=SECONDS)
    assert told.json() == {"status": 200}
    assert session not in requests.get(address, timeout=SECONDS).text


def test_a_code_serves_once_and_for_its_own_request(stage: Stage) -> None:
    sent = dict(parse_qsl(urlsplit(stage.leave("fas")).query))
    issuer = stage.identities.told()["fas"]
    answer = requests.post(f"{issuer}/token", data={"code": "x", "grant_type": "authorization_code"}, timeout=SECONDS)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    for change in ({"redirect_uri": "https://attacker.example/"}, {"client_id": "x"}, {"scope": "openid"}):
        page = requests.get(f"{issuer}/authorize", params={**sent, **change}, timeout=SECONDS)
        assert page.status_code == 400


def test_production_takes_none_of_the_sandbox_s_providers(stage: Stage, tmp_path: Path) -> None:
    variables = stage.identities.environment(tmp_path)
    text = Path(variables["PROCURA_LOGIN_PROVIDERS"]).read_text(encoding="utf-8")
    assert tomllib.loads(text)["providers"].keys() >= NAMES
    assert isinstance(read_providers(text, production=False), LoginProviders)
    with pytest.raises(UnsafeSettings):
        read_providers(text, production=True)
