"""H17: what ended at one node has ended at another, which answered about it just before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from iam.app import service_of
from iam.domain.appointments import Appointment, Grant
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import CapacityHeld, Enterprise
from iam.domain.periods import Period
from iam.entrance import Entrance
from iam.house import House
from iam.outside.sealing import Sealer
from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import DECLARE, PORTAL, CodeScene
from tests.oidc.provider.devices import TOOL, settle
from tests.oidc.provider.forgery import OTHER_EC, ec_jwk, jwks
from tests.oidc.provider.premises import EMPLOYER
from tests.oidc.provider.test_rfc6749_refresh import end, merge
from tests.oidc.provider.test_rfc7662_tokens_of_persons import INACTIVE, read

ASKED = f"openid offline_access {DECLARE}"


@dataclass
class Nodes:
    """Two services over one database; the scene speaks to the first unless told otherwise."""

    scene: CodeScene
    other: object

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """The scene speaks to the other node."""
        here, self.scene.service = self.scene.service, self.other  # type: ignore[assignment]
        try:
            yield
        finally:
            self.scene.service = here


@pytest.fixture
def nodes(scene: CodeScene, request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """The scene's house with its older client, and another house over the same database, each with its own memory."""
    scene.profile(Profile.OLDER)
    settle(scene, TOOL)
    engine = request.node.callspec.params["scene"]
    archive = open_archive(request.getfixturevalue(f"{engine}_copy"), scene.clock)
    house = House(scene.house.settings, scene.clock, archive, scene.house.library, Sealer(bytes(range(32))))
    entrance = Entrance(house)
    entrance.__dict__["providers"] = scene.book
    yield Nodes(scene, service_of(house, entrance))
    archive.close()


def without(scene: CodeScene, kind: type[Appointment] | type[Grant] | type[CapacityHeld], key: str) -> None:
    """Take a fact away."""
    with scene.archive.writing() as uow:
        uow.remove(kind, key)
        uow.commit()


def ended(scene: CodeScene) -> None:
    """The appointment ends now."""
    scene.clock.advance(seconds=1)
    with scene.archive.writing() as uow:
        found = uow.get(Appointment, "a1")
        assert found is not None
        uow.put(replace(found, valid=Period(found.valid.start, scene.clock.at)))
        uow.commit()


ENDS: dict[str, Callable[[CodeScene, dict[str, str]], object]] = {
    "the grant is taken back": lambda scene, _: without(scene, Grant, "g1"),
    "the appointment ends": lambda scene, _: ended(scene),
    "the enterprise ceases": lambda scene, _: end(scene, Enterprise, EMPLOYER),
    "the enterprise loses the capacity": lambda scene, _: without(scene, CapacityHeld, "c1"),
    "the client ends": lambda scene, _: end(scene, Client, PORTAL),
    "the person proves to be another": lambda scene, _: merge(scene),
    "the refresh token is given up": lambda scene, tokens: scene.post(
        "/oauth2/revoke", {"token": tokens["refresh_token"], **scene.authenticated()}
    ),
    "the code comes again": lambda scene, tokens: scene.redeem(tokens["code"]),
}


@pytest.mark.attack("H17")
@pytest.mark.parametrize("what", ENDS)
def test_what_ended_at_one_node_has_ended_at_every_other(nodes: Nodes, what: str) -> None:
    scene = nodes.scene
    code = scene.code(scope=ASKED, prompt="consent")
    tokens = {**scene.redeem(code).get_json(), "code": code}
    with nodes.elsewhere():
        assert read(scene, tokens["access_token"])["active"]
        assert scene.userinfo(tokens["access_token"]).status_code == 200
        tokens = {**scene.refresh(tokens["refresh_token"]).get_json(), "code": code}
        assert read(scene, tokens["access_token"])["active"]
    ENDS[what](scene, tokens)
    with nodes.elsewhere():
        assert read(scene, tokens["access_token"]) == INACTIVE
        assert scene.refresh(tokens["refresh_token"]).status_code in (400, 401)


@pytest.mark.attack("H17")
def test_a_log_out_at_one_node_ends_the_tokens_at_every_other(nodes: Nodes) -> None:
    scene = nodes.scene
    tokens = scene.tokens(scope=f"openid {DECLARE}")
    with nodes.elsewhere():
        assert scene.userinfo(tokens["access_token"]).status_code == 200
    scene.entrance.sessions.end(scene.marie, scene.session.id)
    with nodes.elsewhere():
        assert scene.userinfo(tokens["access_token"]).status_code == 401
        assert read(scene, tokens["access_token"]) == INACTIVE


@pytest.mark.attack("H17")
def test_a_key_that_was_replaced_at_one_node_proves_nobody_at_any_other(nodes: Nodes) -> None:
    scene = nodes.scene
    tokens = scene.tokens(scope=ASKED, prompt="consent")
    with nodes.elsewhere():
        assert read(scene, tokens["access_token"], PORTAL) != INACTIVE
    scene.record(replace(scene.client(Profile.OLDER), jwks=jwks(ec_jwk(OTHER_EC, kid="k2"))))
    with nodes.elsewhere():
        answer = scene.refresh(tokens["refresh_token"])
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
