"""Log-outs go to the provider that ends sessions, and are obeyed when it asks: exactly what it names, once."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from saml.filter import documents
from saml.pinned_keys import PinnedKey, pinned
from saml.redirect_binding import carried
from saml.signature_check import signed_by
from tests.saml import premises as p
from tests.saml.door_scene import BASE, Scene, hidden, request_of
from tests.saml.logout_scene import PLACE, LogoutScene, enveloped, query_of

Bindings = tuple[str, ...]


@pytest.fixture
def scene(tmp_path: Path) -> LogoutScene:
    return LogoutScene(tmp_path)


def _our_keys(scene: Scene) -> list[PinnedKey]:
    return [pinned(each) for each in scene.keys.published("saml-signing-rsa")]


def test_who_logs_out_here_asks_the_provider_to_end_the_same_session(scene: LogoutScene) -> None:
    fields = scene.left(scene.enter("_transient", "_7"))
    request = documents.logout_request(b64decode(fields["SAMLRequest"]))
    assert signed_by(documents.logout_request(b64decode(fields["SAMLRequest"])), _our_keys(scene))
    assert fields[""] == request.get("Destination") == "https://fas.example.org/slo"
    assert request.findtext("{*}NameID") == "_transient"
    assert request.findtext("{*}SessionIndex") == "_7"
    assert request.findtext("{*}Issuer") == f"{PLACE}/metadata"


def test_where_only_redirects_are_taken_the_request_travels_packed_and_signed(tmp_path: Path) -> None:
    scene = LogoutScene(tmp_path, ("Redirect",))
    address = scene.left(scene.enter())[""]
    found = carried(urlsplit(address).query, "SAMLRequest", _our_keys(scene))
    assert documents.logout_request(found.octets).findtext("{*}NameID") == "_name"
    assert found.relay_state


def test_the_name_that_the_provider_gave_stands_in_no_address_of_ours(scene: LogoutScene) -> None:
    login = scene.enter("_a-very-particular-name")
    way = scene.behind.way_out(login.held.session)
    assert way is not None and way.startswith(f"{PLACE}/farewell?told=")
    assert "particular" not in way and "particular" not in str(b64decode(way.partition("=")[2] + "==", b"-_"))
    assert "particular" not in repr(login.held.session)


@pytest.mark.parametrize("length", [256, 2_000])
def test_a_name_that_fits_no_address_is_not_carried_there(scene: LogoutScene, length: int) -> None:
    login = scene.enter("é" * length)
    assert (scene.behind.way_out(login.held.session) is not None) is (length == 256)


@pytest.mark.parametrize("bindings", [(), ("SOAP",)])
def test_a_provider_that_ends_no_sessions_is_not_asked(tmp_path: Path, bindings: Bindings) -> None:
    scene = LogoutScene(tmp_path, bindings)
    assert scene.behind.way_out(scene.enter().held.session) is None


def test_of_an_eidas_node_the_log_out_is_ours_alone(scene: LogoutScene) -> None:
    scene.login()
    proven = scene.hall.welcomed[-1]
    assert proven.logout_hint == ""
    provider = scene.hall.providers.enabled("node")
    assert provider is not None
    assert scene.behind.logouts.farewells.way(provider, proven.logout_hint) is None
    metadata = etree.fromstring(scene.get("/sign-in/eidas/node/metadata").get_data())
    assert metadata.findall(".//{*}SingleLogoutService") == []
    for place in ("logout", "logged-out", "farewell"):
        assert scene.get(f"/sign-in/eidas/node/{place}").status_code == 404
        assert scene.get(f"/sign-in/saml/node/{place}").status_code == 404


def test_our_metadata_tells_where_log_outs_are_taken_by_both_bindings(scene: LogoutScene) -> None:
    metadata = etree.fromstring(scene.get("/sign-in/saml/fas/metadata").get_data())
    found = {
        (each.get("Binding") or "").rpartition("-")[2]: (each.get("Location"), each.get("ResponseLocation"))
        for each in metadata.findall(".//{*}SPSSODescriptor/{*}SingleLogoutService")
    }
    assert found == dict.fromkeys(("POST", "Redirect"), (f"{PLACE}/logout", f"{PLACE}/logged-out"))


@pytest.mark.parametrize("binding", ["form", "redirect"])
def test_the_provider_s_confirmation_ends_at_the_choice_of_keys(scene: LogoutScene, binding: str) -> None:
    fields = scene.left(scene.enter())
    message = scene.confirmation(request_of(fields).get("ID") or "")
    if binding == "form":
        answer = scene.by_form("logged-out", enveloped(message), fields["RelayState"])
    else:
        answer = scene.by_redirect("logged-out", query_of(message, "SAMLResponse", state=fields["RelayState"]))
    assert (answer.status_code, answer.location) == (303, "/sign-in?signed_out=yes"), scene.hall.turned


@pytest.mark.parametrize("bindings", [("POST", "Redirect"), ("POST",), ("Redirect",)], ids="+".join)
@pytest.mark.parametrize("binding", ["form", "redirect"])
def test_a_session_that_the_provider_names_ends_here_and_it_reads_so(
    tmp_path: Path, binding: str, bindings: Bindings
) -> None:
    scene = LogoutScene(tmp_path, bindings)
    named, other = scene.enter("_1st", "_1"), scene.enter("_2nd", "_2")
    order = scene.order("_1st", "_1")
    if binding == "form":
        answer = scene.by_form("logout", enveloped(order), "their-state")
    else:
        answer = scene.by_redirect("logout", query_of(order, "SAMLRequest", state="their-state"))
    assert (scene.lives(named), scene.lives(other)) == (False, True), scene.hall.turned
    if "Redirect" in bindings:
        assert answer.status_code == 303
        query = urlsplit(answer.location).query
        found = carried(query, "SAMLResponse", _our_keys(scene))
        response, state = documents.logout_response(found.octets), found.relay_state
    else:
        fields = hidden(answer)
        response, state = documents.logout_response(b64decode(fields["SAMLResponse"])), fields["RelayState"]
    assert (response.get("InResponseTo"), state) == (order.get("ID"), "their-state")
    assert response.get("Destination") == "https://fas.example.org/slo"


def test_where_answers_are_taken_elsewhere_ours_goes_there(scene: LogoutScene) -> None:
    file = scene.folder / "fas.xml"
    root = etree.fromstring(file.read_bytes())
    for service in root.findall(".//{*}SingleLogoutService"):
        service.set("ResponseLocation", "https://fas.example.org/slo-answers")
    file.write_bytes(etree.tostring(root))
    scene.enter()
    answer = scene.by_form("logout", enveloped(scene.order()))
    assert answer.location.startswith("https://fas.example.org/slo-answers?SAMLResponse=")


def _no_index(message: etree._Element) -> None:
    message.remove(message[-1])


def _both(message: etree._Element) -> None:
    message.append(p.again(message[-1]))
    message[-1].text = "_2"


def _unknown(message: etree._Element) -> None:
    message[-1].text = "_3"


@pytest.mark.parametrize(
    ("change", "left"),
    [(lambda _: None, ["_2"]), (_no_index, []), (_both, []), (_unknown, ["_1", "_2"])],
    ids=["one index", "no index", "both", "another"],
)
def test_of_a_person_s_sessions_those_end_that_are_named(
    scene: LogoutScene, change: Callable[[etree._Element], None], left: list[str]
) -> None:
    logins = [scene.enter("_name", index) for index in ("_1", "_2")]
    stranger = scene.enter("_stranger", "_1", "92052100472")
    order = scene.order()
    change(order)
    assert scene.by_form("logout", enveloped(order)).status_code == 303, scene.hall.turned
    assert [one.index for one in logins if scene.lives(one)] == left
    assert scene.lives(stranger)


def test_what_the_node_tells_ends_no_session_of_the_federal_service(scene: LogoutScene) -> None:
    login = scene.enter()
    order = enveloped(scene.order())
    sent = {"SAMLRequest": p.octets(order)}
    assert scene.client.post("/sign-in/saml/node/logout", data=sent, base_url=BASE).status_code == 404
    assert scene.lives(login)


def test_the_page_that_leads_there_works_without_scripts_and_leads_nowhere_else(scene: LogoutScene) -> None:
    scene.client.set_cookie("procura-language", "en", domain="procura.example.org", secure=True)
    page = scene.farewell(scene.enter())
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://fas.example.org" in policy
    assert "You are logged out here" in page.text
    assert '<button type="submit">Continue</button>' in page.text
