"""What tests of requests for authorization share: one house for many requests, and what must hold of each refusal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.forgery import compact
from tests.oidc.provider.premises import ISSUER
from tests.refusals import Watched, nothing_happens
from tests.storage.clocks import SetClock


@contextmanager
def lone_scene(empty_database: Path, folder: Path) -> Iterator[CodeScene]:
    """A house on SQLite, for many requests of which none may leave anything behind."""
    path, clock = folder / "procura.db", SetClock()
    shutil.copyfile(empty_database, path)
    archive = open_archive(f"sqlite:///{path}", clock)
    scene = CodeScene(archive, clock, folder)
    scene.push()  # keys that are made when they are first needed are there
    yield scene
    archive.close()


@contextmanager
def refused(scene: CodeScene, *secrets: str) -> Iterator[Watched]:
    """Nothing comes of a request but one security event, and no log holds what is secret."""
    with nothing_happens(scene.house, secrets=secrets) as watched:
        yield watched


def is_page(answer: TestResponse) -> bool:
    """Whether the person is told, and sent nowhere."""
    html = answer.headers["Content-Type"].startswith("text/html")
    return answer.status_code in (400, 403) and "Location" not in answer.headers and html


def error(answer: TestResponse) -> tuple[int, str]:
    """The status and code of an answer of an endpoint for programs."""
    return answer.status_code, answer.get_json()["error"]


def bare(**told: str) -> str:
    """The address of the authorization endpoint with just these parameters."""
    return f"/connect/authorize?{urlencode(told)}"


def request_object(scene: CodeScene, header: dict[str, Any] | None = None, **changed: Any) -> str:
    """A signed request of the portal; a claim that is changed to None is left out, a parameter to ""."""
    now = int(scene.clock.at.timestamp())
    plain = {"iss": PORTAL, "aud": ISSUER, "nbf": now, "exp": now + 300, **scene.parameters(prompt="consent")}
    told = {name: value for name, value in {**plain, **changed}.items() if value is not None}
    return compact(header or {"alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt"}, told)


def details(mandator: str, capacity: str = "service_provider") -> str:
    """`authorization_details` that name a mandator."""
    return json.dumps([{"type": "procura_mandator", "mandator": mandator, "capacity": capacity}])
