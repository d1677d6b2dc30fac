"""Only an empty database, or one that is marked as a sandbox's, becomes a fresh sandbox; any other stays as it is."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from iam.app import archive_only, build, fresh_sandbox, settings_here, upgrade_database
from iam.domain.enterprises import Enterprise
from iam.domain.errors import Forbidden, Unavailable
from iam.domain.periods import Period
from iam.settings import UnsafeSettings
from tests.engines import driver_url
from tests.sandbox.conftest import START

Surroundings = Callable[..., None]


def record(number: str) -> None:
    """Record an enterprise in the database of this environment."""
    with archive_only() as archive, archive.writing() as uow:
        uow.put(Enterprise(id=number, valid=Period(START)))
        uow.commit()


def recorded() -> list[str]:
    """The enterprises in the database of this environment."""
    with archive_only() as archive, archive.reading() as reading:
        return [one.id for one in reading.find(Enterprise)]


@pytest.fixture(params=["sqlite", "postgresql"])
def arranged(request: pytest.FixtureRequest, surroundings: Surroundings) -> None:
    """Settings that name a database which does not exist, or is empty."""
    if request.param == "postgresql":
        surroundings(DATABASE_URL=request.getfixturevalue("postgresql_database"))
    else:
        surroundings()


@pytest.mark.usefixtures("arranged")
def test_an_empty_database_becomes_a_marked_sandbox() -> None:
    fresh_sandbox()
    with archive_only() as archive:
        assert archive.is_sandbox()
        assert archive.revision() == 0


@pytest.mark.usefixtures("arranged")
def test_a_sandbox_is_emptied_when_it_starts_anew() -> None:
    fresh_sandbox()
    record("1999000150")
    assert recorded() == ["1999000150"]
    fresh_sandbox()
    assert recorded() == []


@pytest.mark.usefixtures("arranged")
def test_a_database_without_the_mark_is_refused_and_left_as_it_is() -> None:
    upgrade_database()
    record("1999000150")
    with pytest.raises(Forbidden) as caught:
        fresh_sandbox()
    assert caught.value.code == "not_a_sandbox"
    assert recorded() == ["1999000150"]
    with archive_only() as archive:
        assert not archive.is_sandbox()


def test_a_file_of_another_program_is_refused_and_left_as_it_is(surroundings: Surroundings, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE notes (text)")
    surroundings(DATABASE_URL=f"sqlite:///{other}")
    before = other.read_bytes()
    with pytest.raises(Forbidden):
        fresh_sandbox()
    assert other.read_bytes() == before


def test_a_database_of_another_program_is_refused(surroundings: Surroundings, postgresql_database: str) -> None:
    surroundings(DATABASE_URL=postgresql_database)
    with psycopg.connect(driver_url(make_url(postgresql_database)), autocommit=True) as connection:
        connection.execute("CREATE TABLE meta (name text, value text)")
        connection.execute("INSERT INTO meta VALUES ('owner', 'somebody else')")
        with pytest.raises(Forbidden):
            fresh_sandbox()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("meta",)]


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(surroundings: Surroundings, tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Sir or Madam,")
    surroundings(DATABASE_URL=f"sqlite:///{other}")
    with pytest.raises(Unavailable):
        fresh_sandbox()
    assert other.read_text() == "Dear Sir or Madam,"


def test_a_server_that_does_not_answer_is_said_to(surroundings: Surroundings) -> None:
    surroundings(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        fresh_sandbox()


def test_the_database_lies_in_the_data_folder_unless_another_is_named(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    surroundings()
    assert fresh_sandbox() == settings_here()
    assert (tmp_path / "procura.db").exists()


@pytest.mark.usefixtures("arranged")
def test_a_sandbox_that_starts_on_an_empty_database_marks_it_and_starts_again() -> None:
    upgrade_database()
    for _ in range(2):
        build(settings_here()).archive.close()
        with archive_only() as archive:
            assert archive.is_sandbox()


@pytest.mark.usefixtures("arranged")
def test_a_sandbox_does_not_start_on_data_that_is_no_sandboxs() -> None:
    upgrade_database()
    record("1999000150")
    with archive_only() as archive:
        before = archive.revision(), archive.head()
    with pytest.raises(UnsafeSettings) as caught:
        build(settings_here())
    assert [problem.startswith("DATABASE_URL: ") for problem in caught.value.problems] == [True]
    with archive_only() as archive:
        assert (archive.revision(), archive.head()) == before
        assert not archive.is_sandbox()


def production(surroundings: Surroundings, tmp_path: Path, database: str) -> None:
    """The settings of production on a database, with addresses and a key that it takes."""
    key = tmp_path / "key"
    key.write_text(bytes(range(7, 39)).hex())
    key.chmod(0o600)
    surroundings(
        PROCURA_ENVIRONMENT="production",
        PROCURA_DATA=str(tmp_path / "data"),
        DATABASE_URL=database,
        PROCURA_ISSUER="https://procura.example",
        PROCURA_ENTERPRISE_REGISTER="https://register.example",
        PROCURA_EMPLOYER_DIRECTORY="https://directory.example",
        PROCURA_PERSON_REGISTER="https://persons.example",
        PROCURA_SEALING_KEY=str(key),
        PROCURA_SEALING_KEY_VALUE="",
        PROCURA_CLOCK_OFFSET="0",
    )


def test_production_does_not_start_on_a_sandboxs_database(surroundings: Surroundings, tmp_path: Path) -> None:
    surroundings()
    production(surroundings, tmp_path, fresh_sandbox().database_url)
    with pytest.raises(UnsafeSettings) as caught:
        build(settings_here())
    assert ["DATABASE_URL" in problem for problem in caught.value.problems] == [True]
