"""The private PostgreSQL that tests start keeps PostgreSQL's durability and hands out empty databases."""

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import engines


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_the_server_keeps_what_it_acknowledged(postgresql_url: str, setting: str) -> None:
    with psycopg.connect(engines.driver_url(make_url(postgresql_url))) as connection:
        row = connection.execute(f"SHOW {setting}".encode()).fetchone()
    assert row == ("on",)


def test_a_fresh_database_can_copy_another_and_be_dropped(postgresql_url: str, postgresql_database: str) -> None:
    with psycopg.connect(engines.driver_url(make_url(postgresql_database))) as connection:
        connection.execute("CREATE TABLE mark (sign integer)")
    copy = engines.fresh_database(postgresql_url, template=postgresql_database)
    with psycopg.connect(engines.driver_url(make_url(copy))) as connection:
        assert connection.execute("SELECT count(*) FROM mark").fetchone() == (0,)
    engines.drop_database(postgresql_url, copy)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(engines.driver_url(make_url(copy)))


def test_a_missing_peer_is_a_skip_on_a_desk_and_a_failure_where_all_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(engines.REQUIRE_PEERS, raising=False)
    with pytest.raises(pytest.skip.Exception, match="missing: a thing"):
        engines.missing("a thing")
    monkeypatch.setenv(engines.REQUIRE_PEERS, "1")
    with pytest.raises(pytest.fail.Exception, match="missing: a thing"):
        engines.program("a thing")


def test_a_given_server_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engines.GIVEN_SERVER, "postgresql+psycopg://somewhere/else")
    with engines.postgresql_server() as url:
        assert url == "postgresql+psycopg://somewhere/else"
