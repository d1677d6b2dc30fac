"""What the README of shared signals tells engineers to send works, and what it shows is what is sent."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from iam.services.signal_texts import LANGUAGES, all_causes
from tests.oidc.provider.code_scene import PORTAL
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import (
    APPOINTMENT,
    CLAIMS_CHANGE,
    EARS,
    REVOKED,
    SESSION,
    VERIFICATION,
    SignalScene,
)

ROOT = Path(__file__).parents[3]
README = (ROOT / "oidc" / "signals" / "README.md").read_text(encoding="utf-8")
ERRORS = README.split("<!-- errors -->")[1].split("<!-- /errors -->")[0]
ROWS = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| (.+\.) \| (.+\.) \|$", ERRORS, re.MULTILINE)
SOURCES = (
    *sorted((ROOT / "oidc" / "signals").glob("*.py")),
    *sorted((ROOT / "iam" / "services").glob("signal_*.py")),
    ROOT / "iam" / "domain" / "signal_subjects.py",
)
RAISED = {"InvalidInput", "NotFound", "Conflict", "Forbidden"}
FROM_THE_HOUSE = {"missing_scope", "caller_not_entitled", "caller_not_active", "too_many_requests"}
BY_FIELD = {"invalid_description", "invalid_reason"}
EVENTS = (SESSION, CLAIMS_CHANGE, REVOKED, APPOINTMENT)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def sent(signals: SignalScene, block: str, **names: str) -> Any:
    """The answer to a request as the README writes it."""
    for name, value in names.items():
        block = block.replace(f"<{name}>", value)
    head, body = block.split("\n\n", 1)
    method, path, _ = head.splitlines()[0].split(" ")
    return signals.ask(method, path, data=body.encode(), content_type="application/json")


def test_the_requests_work_as_they_are_written(hearing: SignalScene) -> None:
    create, verify, poll = blocks("http")
    created = sent(hearing, create)
    assert created.status_code == 201
    assert created.get_json()["events_delivered"] == [SESSION, REVOKED]
    assert sent(hearing, verify, stream=created.get_json()["stream_id"]).status_code == 204
    hearing.send()
    assert hearing.heard()[0]["events"] == {VERIFICATION: {"state": "a word of your own"}}
    assert hearing.ears.heard[0][1] == "Bearer chosen-by-you"
    assert sent(hearing, poll, polled=hearing.polled()["stream_id"]).get_json() == {"sets": {}}


def test_the_receiver_takes_what_is_good_once_and_nothing_else(hearing: SignalScene) -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[0], "README", "exec"), names)
    hearing.create()
    hearing.close(hearing.mandate(), hearing.scene.clock.at)
    hearing.send()
    jwks = hearing.scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()
    token, heard = hearing.ears.heard[0][2].encode(), set[str]()
    status, _, news = names["hear"](token, jwks, ISSUER, PORTAL, heard)
    assert status == 202 and REVOKED in news
    assert names["hear"](token, jwks, ISSUER, PORTAL, heard) == (202, b"", {})
    for body, issuer, client in (
        (token[:-4] + b"AAAA", ISSUER, PORTAL),
        (token, "https://evil.example", PORTAL),
        (token, ISSUER, "another"),
        (b"nothing", ISSUER, PORTAL),
    ):
        status, answer, news = names["hear"](body, jwks, issuer, client, set())
        assert status == 400 and json.loads(answer)["err"] and news == {}


def test_the_events_that_are_shown_have_the_members_of_those_that_are_sent(hearing: SignalScene) -> None:
    hearing.create(PORTAL, *EVENTS)
    hearing.scene.tokens()
    hearing.close(hearing.mandate(), hearing.scene.clock.at)
    hearing.dismiss()
    hearing.send()
    hearing.scene.entrance.sessions.end(hearing.scene.marie, hearing.scene.session.id)
    hearing.send()
    told = {name: (one["sub_id"], event) for one in hearing.heard(EARS) for name, event in one["events"].items()}
    shown = [json.loads(block) for block in blocks("json")]
    for name, one in zip(EVENTS, shown, strict=True):
        subject, event = told[name]
        assert _shape(subject) == _shape(one["sub_id"]), name
        assert _shape(event) == _shape(one["event"]), name


def _shape(value: object) -> object:
    """The members and types of a value, without what they say."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    return [_shape(value[0])] if isinstance(value, list) else type(value).__name__


def codes() -> set[str]:
    """Every reason that the sources of shared signals raise."""
    found = set(BY_FIELD)
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_reason_is_told_once_with_cause_and_cure_and_none_that_nothing_gives() -> None:
    named = [code for code, *_ in ROWS]
    assert len(named) == len(set(named)) == ERRORS.count("\n| `")
    assert set(named) == codes() | FROM_THE_HOUSE


@pytest.mark.parametrize("cause", sorted(all_causes()))
def test_every_cause_has_its_sentences_in_all_languages_or_none(cause: str) -> None:
    said = all_causes()[cause]
    assert said["admin"].endswith(".") and said["initiator"] in ("admin", "user", "policy", "system")
    assert sum(language in said for language in LANGUAGES) in (0, 4)
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "iam" / "services").glob("*.py"))
    assert f'"{cause}"' in sources
