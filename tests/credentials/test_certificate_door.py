"""C08 and the rest at the door of client certificates: believed from the configured nginx alone, carried over once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509 import ocsp

from iam.credentials.card_outcomes import STATUS_UNREACHABLE
from iam.credentials.card_settings import certificate_settings
from iam.credentials.certificate_door import HANDOVER
from iam.credentials.flaws import Flaw
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import ProviderKind
from iam.settings import UnsafeSettings
from tests.credentials import pki
from tests.credentials.doors import SECRET, CertificateScene, passed_on
from tests.credentials.pki import ORIGIN, StatusServer, a_provider, card


@pytest.fixture
def scene(tmp_path: Path) -> CertificateScene:
    return CertificateScene(tmp_path)


def test_a_card_shown_on_its_host_logs_its_owner_in_on_the_portal(scene: CertificateScene) -> None:
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    assert shown.status_code == 303
    assert scene.finish(shown.location).status_code == 303
    [proven] = scene.hall.welcomed
    assert (proven.key, proven.assurance, proven.authenticated_at) == (LoginKey.EID, Assurance.HIGH, pki.NOW)
    assert proven.niss is not None
    assert proven.niss.value == pki.NISS
    assert proven.expires_at > pki.NOW


def test_a_certificate_that_is_no_identity_card_logs_in_as_certificate(tmp_path: Path) -> None:
    scene = CertificateScene(tmp_path, settings={"citizen_policies": []})
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    scene.finish(shown.location)
    assert [proven.key for proven in scene.hall.welcomed] == [LoginKey.CERTIFICATE]


def forged() -> dict[str, dict[str, str]]:
    """Headers that a browser could send by itself."""
    victim = card()
    true = passed_on(victim)
    return {
        "certificate alone": {"X-Procura-Client-Certificate": true["X-Procura-Client-Certificate"]},
        "no secret": passed_on(victim, **{"X-Procura-Proxy-Secret": ""}),
        "wrong secret": passed_on(victim, **{"X-Procura-Proxy-Secret": SECRET[:-1]}),
        "longer secret": passed_on(victim, **{"X-Procura-Proxy-Secret": SECRET + "x"}),
        "secret in other letters": passed_on(victim, **{"X-Procura-Proxy-Secret": SECRET.upper()}),
        "secret twice": passed_on(victim, **{"X-Procura-Proxy-Secret": f"{SECRET},{SECRET}"}),
        "no host": passed_on(victim, **{"X-Procura-Certificate-Host": ""}),
        "the portal's host": passed_on(victim, **{"X-Procura-Certificate-Host": "procura.example"}),
        "another port": passed_on(victim, **{"X-Procura-Certificate-Host": "kaart.procura.example:8443"}),
        "names of other proxies": {
            "X-SSL-Client-Cert": true["X-Procura-Client-Certificate"],
            "X-Client-Cert": true["X-Procura-Client-Certificate"],
            "SSL-Client-Cert": true["X-Procura-Client-Certificate"],
            "X-Forwarded-Client-Cert": true["X-Procura-Client-Certificate"],
            "X-SSL-Client-Verify": "SUCCESS",
        },
        "nothing": {},
    }


@pytest.mark.attack("C08")
@pytest.mark.parametrize("case", forged())
def test_what_a_browser_says_by_itself_is_not_believed(scene: CertificateScene, case: str) -> None:
    answer = scene.show(scene.begin(), forged()[case])
    assert answer.status_code == 401
    assert "Location" not in answer.headers
    assert (scene.hall.welcomed, scene.hall.turned, scene.server.asked) == ([], [], [])


@pytest.mark.parametrize(
    ("told", "flaw"),
    [
        ("", Flaw.NOT_SHOWN),
        ("x", Flaw.MALFORMED),
        ("-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----", Flaw.MALFORMED),
        (passed_on(card())["X-Procura-Client-Certificate"] * 2, Flaw.MALFORMED),
        ("%2D" * 9000, Flaw.MALFORMED),
        ("%00", Flaw.MALFORMED),
    ],
    ids=["none", "nonsense", "empty PEM", "two", "too long", "NUL"],
)
def test_a_certificate_that_cannot_be_read_is_told_on_the_portal(
    scene: CertificateScene, told: str, flaw: Flaw
) -> None:
    shown = scene.show(scene.begin(), passed_on(None, **{"X-Procura-Client-Certificate": told}))
    assert scene.finish(shown.location).status_code == 400
    assert scene.codes == [flaw]


@pytest.mark.attack("C03", "C04", "C05", "C07")
@pytest.mark.parametrize(
    ("shown", "server", "flaw"),
    [
        (card(extensions=pki.card_extensions(used_for=pki.usage(content_commitment=True))), None, Flaw.PURPOSE),
        (card(extensions=pki.card_extensions(under=["2.16.56.12.1.1.7.2"])), None, Flaw.POLICY),
        (card(valid=(timedelta(days=-9), timedelta(days=-1))), None, Flaw.EXPIRED),
        (card(issuer=pki.intermediate(pki.roots(), "Other CA")), None, Flaw.UNTRUSTED),
        (card(subject=pki.person_name("85073003329")), None, Flaw.SUBJECT),
        (card(), StatusServer(status=ocsp.OCSPCertStatus.REVOKED), Flaw.REVOKED),
        (card(), StatusServer(status=ocsp.OCSPCertStatus.UNKNOWN), Flaw.STATUS_UNKNOWN),
    ],
)
def test_the_rules_are_those_of_web_eid(
    tmp_path: Path, shown: pki.Card, server: StatusServer | None, flaw: Flaw
) -> None:
    scene = CertificateScene(tmp_path, server=server or StatusServer())
    scene.server.knows(shown)
    answer = scene.show(scene.begin(), passed_on(shown))
    assert scene.finish(answer.location).status_code == 400
    assert (scene.codes, scene.hall.welcomed) == ([flaw], [])


def test_where_the_status_is_not_known_the_portal_asks_for_patience(tmp_path: Path) -> None:
    scene = CertificateScene(tmp_path, server=StatusServer(silent=True))
    answer = scene.finish(scene.show(scene.begin(), passed_on(card())).location)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "form-action 'self' https://kaart.procura.example" in answer.headers["Content-Security-Policy"]
    assert scene.hall.welcomed == []
    assert STATUS_UNREACHABLE not in scene.codes


def test_a_ticket_is_used_once(scene: CertificateScene) -> None:
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    assert [scene.finish(shown.location).status_code for _ in range(2)] == [303, 400]
    assert (len(scene.hall.welcomed), scene.codes) == (1, [HANDOVER])


def test_a_ticket_is_worth_nothing_in_another_browser(scene: CertificateScene) -> None:
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    scene.hall.other_browser = True
    assert scene.finish(shown.location).status_code == 400
    scene.hall.other_browser = False
    assert scene.finish(shown.location).status_code == 400
    assert scene.codes == [HANDOVER, HANDOVER]


def test_a_ticket_is_good_for_two_minutes(scene: CertificateScene) -> None:
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    scene.clock.at += timedelta(minutes=2, seconds=1)
    assert scene.finish(shown.location).status_code == 400
    assert scene.codes == [HANDOVER]


@pytest.mark.parametrize("ticket", ["", "x", "A" * 43, "../../etc"])
def test_a_ticket_that_nobody_gave_is_refused(scene: CertificateScene, ticket: str) -> None:
    scene.begin()
    assert scene.finish(f"{ORIGIN}/sign-in/certificate/eid/finish?ticket={ticket}").status_code == 400
    assert scene.codes == [HANDOVER]


def test_neither_number_nor_name_stands_in_an_address(scene: CertificateScene) -> None:
    shown = scene.show(scene.begin(), passed_on(scene.server.knows(card())))
    assert pki.NISS not in shown.location
    assert "Alice" not in shown.location


def test_a_login_that_nobody_began_ends_nowhere(scene: CertificateScene) -> None:
    shown = scene.show("/sign-in/certificate/eid/show?state=chosen", passed_on(scene.server.knows(card())))
    assert scene.finish(shown.location).status_code == 400
    assert scene.hall.welcomed == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"address": ""}, "address"),
        ({"address": "http://kaart.procura.example"}, "address"),
        ({"address": "https://kaart.procura.example/path"}, "address"),
        ({"proxy_secret": "/nowhere"}, "proxy_secret"),
        ({"proxy_secret": "SHORT"}, "proxy_secret"),
        ({"proxy_secret": "COMMA"}, "proxy_secret"),
        ({"proxy_secret": "BLANK"}, "proxy_secret"),
        ({"citizen_policies": ["2.16.56.12.1.1.7.2"]}, "citizen_policies"),
        ({"software_card": "https://x.example"}, "software_card"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused_by_name(
    tmp_path: Path, settings: dict[str, object], named: str
) -> None:
    for name, text in (("good", SECRET), ("SHORT", "short"), ("COMMA", f"{SECRET},"), ("BLANK", f"{SECRET} x")):
        (tmp_path / name).write_text(text, encoding="ascii")
    told: dict[str, object] = {"address": "https://kaart.procura.example", "proxy_secret": "good"} | settings
    if str(told["proxy_secret"]).isalpha():
        told["proxy_secret"] = str(tmp_path / str(told["proxy_secret"]))
    with pytest.raises(UnsafeSettings, match=named):
        certificate_settings(production=False).of(a_provider(ProviderKind.CERTIFICATE, **told))
