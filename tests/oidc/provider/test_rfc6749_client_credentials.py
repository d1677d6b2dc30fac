"""RFC 6749: the token endpoint takes one strict form and gives a token or one clear error."""

from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from oidc.provider.strict_form import MAX_BYTES
from tests.oidc.provider.forgery import payload
from tests.oidc.provider.premises import (
    CONSULT,
    DECLARE,
    EMPLOYER,
    EVALUATE,
    IN_HOUSE,
    PROVIDER,
    SERVICE,
    SOFTWARE,
    Premises,
)


def test_a_mandated_client_gets_a_token_for_its_mandator(house: Premises) -> None:
    answer = house.ask(f"{DECLARE} {CONSULT}")
    told = answer.get_json()
    assert answer.status_code == 200
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, f"{DECLARE} {CONSULT}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["authorization_details"][0]["mandator"] == EMPLOYER


def test_a_client_gets_a_token_for_its_own_enterprise_without_details(house: Premises) -> None:
    claims = payload(house.token(DECLARE, IN_HOUSE, None))
    assert claims["authorization_details"][0]["employer"] == EMPLOYER
    assert claims["authorization_details"][0]["type"] == "procura_own_enterprise"


def test_a_declaration_service_gets_a_token_for_our_own_doors(house: Premises) -> None:
    assert payload(house.token(EVALUATE, SERVICE, None))["aud"] == "authorization"


def test_an_issued_token_leaves_one_leaf_and_raises_no_revision(house: Premises) -> None:
    before = house.archive.revision()
    claims = payload(house.token())
    assert house.archive.revision() == before
    assert house.leaves("token_issued") == [
        {
            "token": claims["jti"],
            "client": SOFTWARE,
            "enterprise": PROVIDER,
            "mandator": EMPLOYER,
            "service": "dimona",
            "scopes": DECLARE,
        }
    ]


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("", "scope_missing"),
        ("scope:dimona:declaration:erase", "unknown_scope"),
        ("*", "unknown_scope"),
        (f"{DECLARE} *", "unknown_scope"),
        (DECLARE.upper(), "unknown_scope"),
        (f"{DECLARE} scope:dmfa:declaration:declare", "scopes_of_two_services"),
        (f"{DECLARE} {EVALUATE}", "scopes_of_two_services"),
        ("scope:dmfa:declaration:declare", "no_grant"),
        ("scope:dimona:declaration:modify", "no_grant"),
        (f"{DECLARE} scope:dimona:declaration:modify", "no_grant"),
        ("scope:mahis:mandate:manage", "person_required"),
        ("scope:office:recognition:recognise", "person_required"),
        (EVALUATE, "caller_not_entitled"),
        (f"{DECLARE}  {CONSULT}", "malformed_scope"),
        (f" {DECLARE}", "malformed_scope"),
        (f'{DECLARE} "', "malformed_scope"),
        (f"{DECLARE} \u0430", "malformed_scope"),
        (" ".join(f"scope:dimona:declaration:s{n}" for n in range(11)), "too_many_scopes"),
    ],
)
def test_a_scope_that_is_not_permitted_is_refused_never_dropped(plain_house: Premises, scope: str, reason: str) -> None:
    answer = plain_house.ask(scope)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")
    assert answer.get_json()["error_description"].startswith(f"{reason}: ")
    assert plain_house.leaves("token_issued") == []


def test_a_judged_refusal_leads_to_its_explanation(house: Premises) -> None:
    told = house.ask("scope:dmfa:declaration:declare").get_json()
    assert told["error_uri"] == "https://procura.example/explanations/no_grant"
    page = house.app.test_client().get("/explanations/no_grant", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert [f'lang="{language}"' in page.text for language in ("nl", "fr", "de", "en")] == [True] * 4


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unauthorized_client"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials "}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "resource": "https://dimona.example"}, "invalid_target"),
        ({"grant_type": "client_credentials", "client_secret": "s"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "somebody_else"}, "invalid_client"),
    ],
)
def test_what_is_not_taken_is_refused_by_its_own_error(
    plain_house: Premises, parameters: dict[str, str], error: str
) -> None:
    sent = {**plain_house.authenticated(), "scope": DECLARE, **parameters}
    answer = plain_house.post("/oauth2/token", sent)
    assert answer.get_json()["error"] == error
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.headers["Cache-Control"] == "no-store"


def _form(house: Premises) -> str:
    return urlencode({"grant_type": "client_credentials", "scope": DECLARE, **house.authenticated()})


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda form: f"{form}&scope={CONSULT}",
        lambda form: f"{form}&grant_type=client_credentials",
        lambda form: f"{form}&sc%6fpe={CONSULT}",
        lambda form: f"{form}&unknown=1&unknown=2",
        lambda form: f"{form}&loose=%zz",
        lambda form: f"{form}&loose=%",
        lambda form: f"{form}&latin=%e9",
        lambda form: f"{form}&nul=%00",
        lambda form: f"{form}&line=%0d%0a",
        lambda form: f"{form}&novalue",
        lambda form: f"{form}&=noname",
        lambda form: f"{form}&&",
        lambda form: form + "".join(f"&p{number}=1" for number in range(40)),
        lambda form: f"{form}&accent=\u00e9",
    ],
)
def test_a_form_that_two_readers_could_read_differently_is_refused(plain_house: Premises, spoilt: object) -> None:
    assert callable(spoilt)
    answer = plain_house.post("/oauth2/token", spoilt(_form(plain_house)))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert plain_house.leaves("token_issued") == []


@pytest.mark.parametrize(("size", "status"), [(MAX_BYTES, 401), (5_000_000, 413)])
def test_a_body_too_large_for_any_client_is_refused_unread(plain_house: Premises, size: int, status: int) -> None:
    form = f"{_form(plain_house)}&filler={'x' * size}"
    assert plain_house.post("/oauth2/token", form).status_code == status


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=latin-1",
    ],
)
def test_another_media_type_is_refused(plain_house: Premises, media_type: str) -> None:
    answer = plain_house.post("/oauth2/token", _form(plain_house), Content_Type=media_type)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_parameters_in_the_url_are_refused(plain_house: Premises) -> None:
    answer = plain_house.post(f"/oauth2/token?scope={DECLARE}", _form(plain_house))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_a_parameter_without_value_counts_as_left_out(plain_house: Premises) -> None:
    form = urlencode({"grant_type": "client_credentials", **plain_house.authenticated()})
    told = plain_house.post("/oauth2/token", f"{form}&scope=").get_json()
    assert told["error_description"].startswith("scope_missing")


def test_a_second_credential_is_refused(plain_house: Premises) -> None:
    answer = plain_house.post("/oauth2/token", _form(plain_house), Authorization="Basic eDp5")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_only_post_reaches_the_endpoints(plain_house: Premises) -> None:
    client = plain_house.app.test_client()
    assert [client.get(path).status_code for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke")] == [
        405,
        405,
        405,
    ]


def test_a_refusal_is_told_in_the_log_once_without_what_was_sent(plain_house: Premises) -> None:
    assertion = plain_house.assertion(exp=plain_house.seconds(hours=24))
    with capture_logs() as events:
        plain_house.ask(assertion=assertion, note="canary-4711")
    assert [(event["event"], event["code"]) for event in events] == [("oauth_refused", "assertion_lives_too_long")]
    assert "canary-4711" not in str(events) and assertion.split(".")[1] not in str(events)


def test_an_error_description_holds_only_what_oauth_allows(plain_house: Premises) -> None:
    for scope in ("scope:dmfa:declaration:declare", '"\\', "\u20ac"):
        description = plain_house.ask(scope).get_json()["error_description"]
        assert all(" " <= one <= "~" and one not in '"\\' for one in description)
