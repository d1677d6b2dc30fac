"""The sandbox file tells programs where everything is and who everybody is, and nobody else can read it."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss
from iam.sandbox.country import Country
from iam.sandbox.sandbox_file import NAME, Whereabouts, clients_in, read_sandbox_file, write_sandbox_file
from iam.sandbox.software import LoginSide, SandboxClient, new_private_jwk
from iam.sandbox.state_server import StateSystems
from tests.sandbox.conftest import BASE_URL

CLIENT = SandboxClient(
    alias="portal",
    client_id="declaration_service_procura_1999000150_abcdefghij",
    kind=ClientKind.DECLARATION_SERVICE,
    enterprise="1999000150",
    capacity=Capacity.ADMINISTRATION,
    algorithm="ES256",
    services=("authorization", "dimona"),
    private_jwk=new_private_jwk("ES256"),
)
WEB = replace(
    CLIENT,
    alias="newsletter",
    login=LoginSide(
        label="Newsletter",
        profile=Profile.OIDC_BASIC,
        auth_method=AuthMethod.CLIENT_SECRET_BASIC,
        secret="said to nobody",
        redirect_uris=("https://newsletter.example/callback",),
        scopes=("openid", "profile"),
        grant_types=("authorization_code",),
    ),
)


@pytest.fixture
def folder(tmp_path: Path, state: StateSystems, country: Country) -> Path:
    """A data folder with a sandbox file."""
    where = Whereabouts(
        base_url=BASE_URL, clock_offset=-3600, administration=country.number_of("administration"), data=tmp_path
    )
    assert write_sandbox_file(where, state, country, [CLIENT, WEB]) == tmp_path / NAME
    return tmp_path


def test_the_file_is_its_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_a_file_that_was_open_to_all_is_replaced_by_one_that_is_not(
    folder: Path, state: StateSystems, country: Country
) -> None:
    (folder / NAME).chmod(0o666)
    where = Whereabouts(base_url=BASE_URL, clock_offset=0, administration="", data=folder)
    write_sandbox_file(where, state, country, [])
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert read_sandbox_file(folder)["clients"] == []


def test_it_tells_where_the_service_and_the_state_are(folder: Path, state: StateSystems) -> None:
    content = read_sandbox_file(folder)
    assert (content["base_url"], content["clock_offset"]) == (BASE_URL, -3600)
    assert content["state"]["login"] == f"{state.url}/login"


def test_everybody_is_named_with_number_and_roles(folder: Path, country: Country) -> None:
    people = {one["alias"]: one for one in read_sandbox_file(folder)["personas"]}
    assert people.keys() == country.personas.keys()
    assert all(Niss.parse(one["niss"]) == country.niss_of(alias) for alias, one in people.items())
    assert people["eddy"]["roles"][0]["until"] == "2026-11-21T23:00:00Z"
    assert [role["role"] for role in people["olga"]["roles"]] == ["user"]
    assert people["lena"]["roles"][0]["enterprise"] == country.number_of("brewery")
    assert people["gust"]["roles"] == []


def test_every_enterprise_is_named_with_numbers_and_capacities(folder: Path, country: Country) -> None:
    firms = {one["alias"]: one for one in read_sandbox_file(folder)["enterprises"]}
    assert {CbeNumber.parse(one["cbe"]) for one in firms.values()} == {one.number for one in country.firms.values()}
    assert firms["accountants"]["capacities"] == ["employer", "service_provider"]
    assert firms["administration"]["capacities"] == ["administration"]
    assert EmployerNumber.parse(EmployerNumberKind.NSSO, firms["brewery"]["nsso"]).value > 199_999_934
    assert firms["studio"]["nsso"] is None
    assert firms["cooperative"]["required_signatures"] == 2
    assert firms["printer"]["ceased_at"] < "2026-11-22"


def test_clients_come_back_with_their_keys_and_secrets(folder: Path) -> None:
    assert clients_in(read_sandbox_file(folder)) == [CLIENT, WEB]
    assert json.loads((folder / NAME).read_text())["clients"][0]["private_jwk"]["d"]
