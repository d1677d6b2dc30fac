"""Which records the archive keeps, under which key, in which table, and by which indexes they are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iam.domain.appointments import (
    AppointeeByName,
    Appointment,
    Grant,
    GroupMember,
    JointAct,
    MandatorGroup,
    Portfolio,
)
from iam.domain.authorization_grants import (
    AuthorizationCode,
    AuthorizationGrant,
    AuthorizationRequest,
    Consent,
    RefreshToken,
)
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact, RegistrationAccess, RegistrationToken, SoftwareRequest
from iam.domain.clients import Client
from iam.domain.credentials import ActivationCode, OneTimeDevice, PaperCodes, Passkey, Password
from iam.domain.delegations import Delegation
from iam.domain.device_authorizations import DeviceAuthorization
from iam.domain.enterprises import Activation, CapacityHeld, Enterprise, FeedPosition, RegisterAnswer
from iam.domain.entry_proposals import EntryProposal
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, RequestContact
from iam.domain.law import BookOfRecord
from iam.domain.logins import LoginRecord
from iam.domain.logout_notices import LogoutNotice, WatchedLogin
from iam.domain.mandates import Cover, Mandate, Tenure
from iam.domain.messages import WaitingMessage
from iam.domain.persons import Contact, Invitation, Person, PersonNumber
from iam.domain.sessions import Session
from iam.domain.signal_streams import RemovedSubject, SignalStream, StreamCourse, WaitingSignal
from iam.domain.tokens import IssuedToken
from iam.domain.visits import LoginFlow, Visit
from iam.storage.mapping import FieldMap, Scalar, fields_of, row_of, values_of

KEY = "key"
RECORDED = "recorded"
SUPERSEDED = "superseded"
LOGIN_KEY = "login_key"
"""The column of a field that is itself called `key`: with which key somebody logged in."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of record: its table, its key, its columns and its indexes.

    A versioned record is a fact: every version is kept, with the revision that recorded it and the one that
    superseded it. Of others only the present content is kept, and `fixed` fields never change.
    """

    kind: type[Any]
    table: str
    versioned: bool
    fields: tuple[FieldMap, ...]
    key_of: Callable[[Any], str]
    computed_key: bool
    indexes: tuple[tuple[str, ...], ...]
    """Columns of each index, which is named for the first."""
    fixed: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a record, key first."""
        mapped = tuple(column.name for field in self.fields for column in field.columns)
        return (KEY, *mapped) if self.computed_key else mapped

    def row(self, record: object) -> list[Scalar]:
        """The content of the columns for a record. Raises ValueError for a text that no column can hold."""
        row = row_of(self.fields, record)
        return [self.key_of(record), *row] if self.computed_key else row

    def record(self, row: Sequence[Scalar]) -> Any:
        """The record that a row of these columns holds."""
        return self.kind(**values_of(self.fields, row[1:] if self.computed_key else row))

    def encoded(self, equal: Mapping[str, object]) -> dict[str, Scalar]:
        """Field values as column contents. Raises KeyError for a field that no single column holds."""
        columns = {column.name: column for field in self.fields for column in field.columns}
        names = {field.name: field.columns[0].name for field in self.fields if len(field.columns) == 1}
        named = {names.get(field, field): value for field, value in equal.items()}
        return {name: columns[name].cell(value) for name, value in named.items()}


def _fact(kind: type[Any], table: str, *indexes: tuple[str, ...]) -> Shape:
    return _shape(kind, table, True, indexes, ())


def _record(kind: type[Any], table: str, *indexes: tuple[str, ...], fixed: tuple[str, ...] = ()) -> Shape:
    return _shape(kind, table, False, indexes, fixed)


def _shape(
    kind: type[Any], table: str, versioned: bool, indexes: tuple[tuple[str, ...], ...], fixed: tuple[str, ...]
) -> Shape:
    """A shape whose key is the first field, which every kind but `Tenure` is named by."""
    fields = fields_of(kind)
    if kind is Tenure:
        return Shape(kind, table, versioned, fields, tenure_key, True, indexes, fixed)
    first = fields[0]
    keyed = _renamed(first, KEY)
    others = (_renamed(one, LOGIN_KEY) if one.name == KEY else one for one in fields[1:])
    return Shape(kind, table, versioned, (keyed, *others), _attribute(first.name), False, indexes, fixed)


def _renamed(field: FieldMap, column: str) -> FieldMap:
    return replace(field, columns=(replace(field.columns[0], name=column),))


def _attribute(name: str) -> Callable[[Any], str]:
    return lambda record: str(getattr(record, name))


def tenure_key(tenure: Tenure) -> str:
    """The key of a tenure: mandate, '/', application group."""
    return f"{tenure.mandate}/{tenure.group}"


_VALID = ("valid_from", "valid_until")

# The first index of a table that a check reads holds every column that the check looks at.
SHAPES: tuple[Shape, ...] = (
    _fact(Enterprise, "enterprises"),
    _fact(
        CapacityHeld,
        "capacities_held",
        ("enterprise", SUPERSEDED, *_VALID, "capacity", KEY),
        ("reference", SUPERSEDED, KEY),
    ),
    _fact(Activation, "activations", ("enterprise", SUPERSEDED, KEY)),
    _fact(
        Appointment,
        "appointments",
        ("person", "enterprise", SUPERSEDED, "capacity", *_VALID, "role", KEY),
        ("enterprise", SUPERSEDED, KEY),
    ),
    _fact(
        Grant,
        "grants",
        ("holder", "service", SUPERSEDED, "enterprise", "capacity", *_VALID, "actions", KEY),
        ("enterprise", SUPERSEDED, KEY),
    ),
    _fact(
        Portfolio,
        "portfolios",
        ("holder", "enterprise", SUPERSEDED, *_VALID, "kind", "group", KEY),
        ("enterprise", SUPERSEDED, KEY),
    ),
    _fact(MandatorGroup, "mandator_groups", ("enterprise", SUPERSEDED, KEY)),
    _fact(
        GroupMember,
        "group_members",
        ("group", "mandator", SUPERSEDED, *_VALID),
        ("enterprise", "mandator", SUPERSEDED, KEY),
    ),
    _fact(
        Client,
        "clients",
        (KEY, SUPERSEDED, "enterprise", "capacity", "kind", "profile_until", *_VALID),
        ("enterprise", SUPERSEDED, KEY),
    ),
    _fact(
        Mandate,
        "mandates",
        ("mandator", SUPERSEDED, KEY),
        ("mandatary", SUPERSEDED, KEY),
        ("state", SUPERSEDED, KEY),
    ),
    _fact(
        Cover,
        "covers",
        ("mandator", "mandatary", SUPERSEDED, "group", "mandatary_capacity", *_VALID, "mandate_version", "mandate"),
        ("mandatary", SUPERSEDED, "mandator", "mandatary_capacity", *_VALID),
        ("mandate", SUPERSEDED, KEY),
    ),
    _fact(
        Delegation,
        "delegations",
        ("mandator", "receiver", SUPERSEDED),
        ("receiver", SUPERSEDED, KEY),
        ("giver", SUPERSEDED, KEY),
        ("mandate", SUPERSEDED, KEY),
    ),
    _fact(JointAct, "joint_acts", ("enterprise", SUPERSEDED, KEY)),
    _fact(RegisterAnswer, "register_answers", ("enterprise", SUPERSEDED, KEY)),
    _fact(BookOfRecord, "books"),
    _record(FeedPosition, "feed_positions"),
    _record(Person, "persons"),
    _record(PersonNumber, "person_numbers", ("person",), fixed=("first_person",)),
    _record(Contact, "contacts"),
    _record(AppointeeByName, "appointees_by_name"),
    _record(Invitation, "invitations"),
    _record(Tenure, "tenures", ("mandator", "group"), fixed=("mandate", "mandator", "group")),
    _record(Session, "sessions", ("person",), ("login",), ("provider", "provider_session"), ("expires_at",)),
    _record(Visit, "visits", ("expires_at",)),
    _record(LoginFlow, "login_flows", ("expires_at",)),
    _record(LoginRecord, "login_records", ("person", "at"), ("expires_at",)),
    _record(ForeignIdentity, "foreign_identities", ("person",), ("state",), ("born",)),
    _record(ForeignRepresentation, "foreign_representations", ("person",)),
    _record(RequestContact, "request_contacts", ("expires_at",)),
    _record(ForeignEnterpriseRequest, "foreign_enterprise_requests", ("state",)),
    _record(EntryProposal, "entry_proposals", ("enterprise", "state")),
    _record(Password, "passwords", ("person",), ("appointment",)),
    _record(OneTimeDevice, "one_time_devices", ("person",)),
    _record(PaperCodes, "paper_codes", ("person",)),
    _record(Passkey, "passkeys", ("person",)),
    _record(ActivationCode, "activation_codes", ("person",), ("expires_at",)),
    _record(WaitingMessage, "waiting_messages", ("next_at",)),
    _record(IssuedToken, "issued_tokens", ("expires_at",), ("grant",), fixed=("client",)),
    _fact(ClientMetadata, "client_metadata"),
    _record(RegistrationToken, "registration_tokens", ("enterprise",), ("expires_at",)),
    _record(RegistrationAccess, "registration_accesses"),
    _record(ClientContact, "client_contacts"),
    _record(SoftwareRequest, "software_requests", ("enterprise",), ("expires_at",), fixed=("vendor", "enterprise")),
    _record(AuthorizationRequest, "authorization_requests", ("expires_at",)),
    _record(
        AuthorizationGrant,
        "authorization_grants",
        ("login",),
        ("person",),
        ("client",),
        ("expires_at",),
        fixed=("client", "person", "login"),
    ),
    _record(AuthorizationCode, "authorization_codes", ("expires_at",), fixed=("grant",)),
    _record(RefreshToken, "refresh_tokens", ("expires_at",), fixed=("grant",)),
    _record(Consent, "consents", ("person",)),
    _record(LogoutNotice, "logout_notices", fixed=("client", "person", "sid")),
    _record(WatchedLogin, "watched_logins"),
    _record(SignalStream, "signal_streams", ("client",), fixed=("client",)),
    _record(StreamCourse, "stream_courses"),
    _record(WaitingSignal, "waiting_signals", ("stream", KEY), fixed=("stream",)),
    _record(RemovedSubject, "removed_subjects", ("stream",), fixed=("stream",)),
    _record(
        DeviceAuthorization,
        "device_authorizations",
        ("user_code",),
        ("ticket",),
        ("expires_at",),
        fixed=("user_code", "client"),
    ),
)

_BY_KIND = {shape.kind: shape for shape in SHAPES}


def shape_of(kind: type[Any]) -> Shape:
    """The shape of a kind of record. Raises TypeError for a kind that is not kept here."""
    try:
        return _BY_KIND[kind]
    except KeyError:
        raise TypeError(f"the archive keeps no {kind.__name__}") from None
