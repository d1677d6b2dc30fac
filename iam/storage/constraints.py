"""The conflicts that the database's own constraints find, told in the codes of the house."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError

from iam.domain.appointments import Appointment, Role
from iam.domain.errors import Conflict, Unavailable
from iam.domain.mandates import Tenure
from iam.domain.persons import PersonNumber

DETAILS = {
    "principal_access_manager_exists": "The enterprise has an active principal access manager already: end that first.",
    "group_taken": "Another mandate holds this application group in one of these quarters.",
    "enterprise_exists": "This enterprise is already registered.",
    "number_taken": "This number already names another person.",
    "record_exists": "A record with this identifier already exists.",
}

_SIGNS = (
    ("ux_appointments_principal_access_manager", "principal_access_manager_exists"),
    ("appointments.enterprise", "principal_access_manager_exists"),
    ("group_taken", "group_taken"),
    ("person_numbers", "number_taken"),
    ("enterprises", "enterprise_exists"),
)
"""What stands in an engine's complaint, and the code that it means; the first that fits."""

_REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)
_AWAY = (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)


def conflict(code: str) -> Conflict:
    """The refusal with one of the archive's conflict codes."""
    return Conflict(code, DETAILS[code])


def constrained(record: object) -> bool:
    """Whether a constraint beyond the key may refuse a record, so that its writing must be undone by itself."""
    if isinstance(record, Appointment):
        return record.role is Role.PRINCIPAL_ACCESS_MANAGER
    return isinstance(record, (Tenure, PersonNumber))


class _ToldApart:
    """Stands around every use of an engine; holds nothing, so one does for all threads."""

    def __enter__(self) -> None:
        """Nothing is prepared."""

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, _trace: object) -> None:
        """Raise the refusal that a failure means, if it means one."""
        if isinstance(failure, _REFUSED):
            raise conflict(_code(failure)) from failure
        if isinstance(failure, _AWAY) and not _is_our_fault(failure):
            raise unavailable() from failure


_TOLD_APART = _ToldApart()


def told_apart() -> AbstractContextManager[None]:
    """Turn what an engine raises in a block into refusals.

    Raises:
        Conflict: when a constraint refused a record.
        Unavailable: `archive_unavailable` when the database does not answer, or another writer does not end.
    """
    return _TOLD_APART


def unavailable() -> Unavailable:
    """The refusal while the database does not answer."""
    return Unavailable("archive_unavailable", "The archive does not answer just now: try again shortly.")


def _is_our_fault(failure: Exception) -> bool:
    """Whether SQLite complains of the statement, such as a table that is missing, and not of its circumstances."""
    return isinstance(failure, sqlite3.OperationalError) and failure.sqlite_errorcode == sqlite3.SQLITE_ERROR


def _code(refusal: Exception) -> str:
    complaint = str(refusal)
    if isinstance(refusal, psycopg.IntegrityError):
        complaint = refusal.diag.constraint_name or ""
    return next((code for sign, code in _SIGNS if sign in complaint), "record_exists")
