"""The composition root: builds the house from its settings and puts its doors in front."""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from wsgiref.types import WSGIApplication

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from iam.api.admin_app import create_admin_app
from iam.api.evaluation import EVALUATIONS_PATH, LARGEST_BATCH, answered_at_once, evaluation_door
from iam.domain.errors import Forbidden, Unavailable
from iam.entrance import Entrance
from iam.house import House
from iam.outside.clock import ShiftedClock, SystemClock
from iam.outside.guarded_http import UnsafeAddress
from iam.outside.sealing import BrokenSeal, Sealer, UnsafeSetting, load_sealing_key
from iam.ports import Clock
from iam.services.law_of_record import LawOfRecord
from iam.settings import Settings, UnsafeSettings, read_settings
from iam.signal_desk import SignalDesk
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.engines import UnknownDatabase, WeakDurability
from iam.storage.migrations import is_current, upgrade
from iam.storage.tables import META
from iam.web import logs
from iam.web.by_path import ByPath
from iam.web.front import Front
from oidc.provider.endpoints import provider_blueprint
from oidc.provider.server import INTROSPECTION_PATH, TOKEN_PATH
from oidc.signals.stream_endpoints import signals_blueprint
from policies.book import read_book
from policies.engine import CasbinLaw
from policies.library import LawLibrary

THREADS = 8
"""Requests that one process works on beside those that are answered at once; each may hold two connections."""
SANDBOX_SEALING_KEY = hashlib.sha256(b"the sandbox's sealing key is no secret").digest()
"""The key that everybody knows: the sandbox seals with it, production refuses it."""


def build(settings: Settings) -> House:
    """Build the house: open the archive, load the book, prepare the keys, and connect everybody.

    Raises:
        UnsafeSettings: with what is wrong, by the setting's name.
        Unavailable: `database_not_current` before `procura db upgrade`.
        BookRefused: when the book does not pass its proof-reading.
    """
    clock = ShiftedClock(settings.clock_offset) if settings.sandbox else SystemClock()
    archive = _current_archive(settings, clock)
    _look_at_mark(settings, archive)
    library = _open_library(settings, archive)
    with _naming("PROCURA_SEALING_KEY"):
        sealer = Sealer(_sealing_key(settings))
    with _naming("PROCURA_ENTERPRISE_REGISTER"):
        house = House(settings, clock, archive, library, sealer)
    _look_at_settings(house)
    with _naming("PROCURA_SEALING_KEY"):
        house.key_rotation.ensure(clock.now())
    return house


def _current_archive(settings: Settings, clock: Clock) -> SqlArchive:
    with _naming("DATABASE_URL"):
        if not is_current(settings.database_url):
            detail = "The database is not up to date: run `procura db upgrade` first."
            raise Unavailable("database_not_current", detail)
        return open_archive(settings.database_url, clock)


def _look_at_mark(settings: Settings, archive: SqlArchive) -> None:
    """Keep the sandbox's people and real ones apart: neither side starts on the other's database."""
    problem = None
    if settings.sandbox and not archive.becomes_sandbox():
        problem = "the database holds data and is not marked as a sandbox's, so the sandbox does not start on it"
    if not settings.sandbox and archive.is_sandbox():
        problem = "the database is a sandbox's, with people and keys that everybody knows"
    if problem is not None:
        archive.close()
        raise UnsafeSettings([f"DATABASE_URL: {problem}"])


def _look_at_settings(house: House) -> None:
    """Read at once what would otherwise be read at its first use, so that nothing wrong is served."""
    with _naming("PROCURA_AUTHENTICATION_SOURCES"):
        _ = house.authentication_tokens
    with _naming("PROCURA_EMPLOYER_DIRECTORY"):
        _ = house.directory
    with _naming("PROCURA_PERSON_REGISTER"):
        _ = house.person_register
    with _naming("PROCURA_SMTP_URL, PROCURA_MAIL_FROM or PROCURA_SMS_GATEWAY"):
        _ = house.desk.post_office
    with _naming("PROCURA_MTLS_ADDRESS"):
        _ = house.token_desk.possession
    with _naming("PROCURA_LOGIN_PROVIDERS"):
        _ = Entrance(house).providers


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """Refuse what a setting leads to by the setting's name. Raises UnsafeSettings."""
    try:
        yield
    except (UnsafeAddress, UnsafeSetting, UnknownDatabase, WeakDurability) as unsafe:
        raise UnsafeSettings([f"{setting}: {unsafe}"]) from None
    except BrokenSeal:
        raise UnsafeSettings([f"{setting}: the keys in the database were sealed with another key"]) from None
    except SQLAlchemyError:
        raise UnsafeSettings([f"{setting}: the database does not answer, or is none"]) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as unreadable:
        reason = unreadable.strerror if isinstance(unreadable, OSError) else unreadable
        raise UnsafeSettings([f"{setting}: cannot be read: {reason}"]) from None


def _open_library(settings: Settings, archive: SqlArchive) -> LawLibrary:
    """The book in use, recorded in the archive so that answers under it can be reproduced for ever."""
    with _naming("PROCURA_CATALOGUE_OVERRIDES"):
        overrides = _overrides(settings)
    book = read_book(overrides=overrides)
    law, record = CasbinLaw(book), LawOfRecord(archive)
    record.bring_into_use(book.hash, book.to_json())

    def load_past(instant: datetime) -> tuple[str, str]:
        return record.known_at(instant) or (book.hash, book.to_json())

    return LawLibrary(law, load_past)


def _overrides(settings: Settings) -> dict[str, object] | None:
    path = settings.catalogue_overrides
    return tomllib.loads(path.read_text(encoding="utf-8")) if path else None


def _sealing_key(settings: Settings) -> bytes:
    """The key under which secrets are sealed; production refuses the one that the sandbox writes."""
    return load_sealing_key(
        file=settings.sealing_key_file,
        text=settings.sealing_key_text,
        data_folder=settings.data,
        refused=() if settings.sandbox else (SANDBOX_SEALING_KEY,),
    )


def settings_here() -> Settings:
    """The settings from this process's environment. Raises UnsafeSettings."""
    return read_settings(os.environ)


@contextmanager
def house() -> Iterator[House]:
    """The house of this process's environment, for a command; closed at the end."""
    built = build(settings_here())
    try:
        yield built
    finally:
        built.archive.close()


@contextmanager
def archive_only() -> Iterator[SqlArchive]:
    """The archive alone, for commands that need neither law nor keys. Raises as `build` does."""
    archive = _current_archive(settings_here(), SystemClock())
    try:
        yield archive
    finally:
        archive.close()


def upgrade_database() -> Settings:
    """Bring the database of this process's environment up to date."""
    settings = settings_here()
    with _naming("PROCURA_DATA"):
        settings.data.mkdir(parents=True, exist_ok=True)
    with _naming("DATABASE_URL"):
        upgrade(settings.database_url)
    return settings


def sandbox_mark() -> bool | None:
    """Whether the database of this process's environment is marked as a sandbox's; None when it has no tables at all.

    Raises:
        Unavailable: `archive_unavailable` when it does not answer, or is no database.
    """
    url = settings_here().database_url
    try:
        tables = inspect(create_engine(make_url(url), poolclass=NullPool)).get_table_names()
    except SQLAlchemyError:
        if url.startswith("sqlite") and not Path(make_url(url).database or "").exists():
            return None
        raise Unavailable("archive_unavailable", "The database does not answer, or is none.") from None
    if META.name not in tables:
        return False if tables else None
    with closing(open_archive(url, SystemClock())) as archive:
        return archive.is_sandbox()


def fresh_sandbox() -> Settings:
    """Bring the database of this process's environment to an empty one that is marked as a sandbox's.

    Raises:
        Forbidden: `not_a_sandbox` when it holds tables without that mark: it stays as it is. As `sandbox_mark`.
    """
    if sandbox_mark() is False:
        raise Forbidden("not_a_sandbox", "The database is not marked as a sandbox's, so it is left as it is.")
    settings = upgrade_database()
    with archive_only() as archive:
        archive.mark_sandbox()
        archive.wipe()
    return settings


def create_service() -> WSGIApplication:
    """The whole service as one WSGI application, from this process's environment."""
    return service_of(build(settings_here()))


def create_front() -> Front:
    """The whole service for the web server: the same application, with short answers given where requests arrive."""
    return Front(
        create_service(),
        at_once=answered_at_once,
        in_turn=(EVALUATIONS_PATH, TOKEN_PATH, INTROSPECTION_PATH),
        threads=THREADS,
        largest_body=LARGEST_BATCH,
    )


def service_of(house: House, entrance: Entrance | None = None) -> WSGIApplication:
    """The doors of a house: decisions in front, then the administration API with tokens beside the pages for people."""
    logs.configure(sys.stderr, house.clock.now)
    programs = create_admin_app(house.collaborators())
    entrance = entrance or Entrance(house)
    book = entrance.providers if house.settings.login_providers else None  # else nobody logs in by pages
    programs.register_blueprint(provider_blueprint(replace(house.provider_parts(), providers=book)))
    programs.register_blueprint(signals_blueprint(SignalDesk(house).parts()))
    behind = ByPath(programs, entrance.portal())
    return evaluation_door(
        house.judge,
        house.library,
        house.archive,
        house.clock,
        house.randomness,
        names=house.subjects,
        login=house.login,
        verify_bearer=house.bearer.caller,
        base_url=house.settings.issuer,
        behind=behind,
    )
