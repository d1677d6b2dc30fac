"""`procura sandbox login` prints a testimony for one of the country's people, or one clear line."""

from pathlib import Path

import jwt
import pytest
from click.testing import CliRunner, Result

from iam.sandbox.commands import sandbox
from iam.sandbox.country import Country
from iam.sandbox.sandbox_file import Whereabouts, write_sandbox_file
from iam.sandbox.state_server import StateSystems
from tests.sandbox.conftest import BASE_URL
from tests.sandbox.test_sandbox_file import CLIENT


def login(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(sandbox, ["login", *words])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("PROCURA_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def written(folder: Path, state: StateSystems, country: Country) -> None:
    """A sandbox file in it, with the state's systems running."""
    where = Whereabouts(base_url=BASE_URL, clock_offset=0, administration="", data=folder)
    write_sandbox_file(where, state, country, [CLIENT])


@pytest.mark.usefixtures("written")
def test_a_persons_login_is_vouched_for(country: Country) -> None:
    token = login("lena", "--key", "itsme", "--level", "substantial").output.strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["niss"], claims["azp"]) == (country.niss_of("lena").value, CLIENT.client_id)
    assert (claims["key"], claims["acr"], claims["aud"]) == ("itsme", "substantial", BASE_URL)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("words", "clue"),
    [
        (("nobody",), "'nobody' is none of: lena, paul"),
        (("lena", "--client", "other"), "'other' is none of: portal"),
        (("lena", "--key", "guess"), "Give one of these login keys"),
        (("lena", "--level", "highest"), "low, substantial or high"),
    ],
)
def test_what_cannot_be_vouched_for_is_told_in_one_line(words: tuple[str, ...], clue: str) -> None:
    result = login(*words)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert clue in result.output


def test_without_a_sandbox_it_says_how_to_start_one(folder: Path) -> None:
    assert login("lena").output == "Error: there is no sandbox here: start one with `procura demo`\n"
    (folder / "sandbox.json").write_text("no JSON")
    assert login("lena").exit_code == 1


def test_a_sandbox_that_has_ended_is_told(folder: Path, country: Country) -> None:
    gone = StateSystems.__new__(StateSystems)
    object.__setattr__(gone, "url", "http://127.0.0.1:1")
    where = Whereabouts(base_url=BASE_URL, clock_offset=0, administration="", data=folder)
    write_sandbox_file(where, gone, country, [CLIENT])
    assert login("lena").output == "Error: the sandbox is not running: start it with `procura demo`\n"
