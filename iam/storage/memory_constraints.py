"""What a database's constraints refuse, for the archive in plain Python."""

from __future__ import annotations

from iam.domain.appointments import Appointment, Role
from iam.domain.instants import FOREVER
from iam.domain.mandates import Tenure
from iam.storage.constraints import conflict
from iam.storage.memory_records import Cells, View
from iam.storage.shapes import shape_of, tenure_key


def check(view: View, record: object, cells: Cells) -> None:
    """Refuse a record as the database would. Raises Conflict."""
    if isinstance(record, Appointment):
        _check_appointment(view, record)
    elif isinstance(record, Tenure):
        _check_tenure(view, record)
    shape = shape_of(type(record))
    known = view.get(shape.kind, str(cells["key"])) if shape.fixed else None
    if known is not None:
        before = dict(zip(shape.columns, shape.row(known), strict=True))
        if any(before[name] != cells[name] for name in shape.fixed):
            raise conflict("number_taken" if shape.table == "person_numbers" else "record_exists")


def _check_appointment(view: View, record: Appointment) -> None:
    if record.role is not Role.PRINCIPAL_ACCESS_MANAGER or record.ended_at is not None:
        return
    standing = view.find(Appointment, enterprise=record.enterprise, role=record.role, ended_at=None)
    if any(one.id != record.id for one in standing):
        raise conflict("principal_access_manager_exists")


def _check_tenure(view: View, record: Tenure) -> None:
    for other in view.find(Tenure, mandator=record.mandator, group=record.group):
        if tenure_key(other) != tenure_key(record) and _share_a_quarter(other, record):
            raise conflict("group_taken")


def _share_a_quarter(one: Tenure, other: Tenure) -> bool:
    return one.first_quarter <= _last(other) and other.first_quarter <= _last(one)


def _last(one: Tenure) -> int:
    return FOREVER if one.last_quarter is None else one.last_quarter
