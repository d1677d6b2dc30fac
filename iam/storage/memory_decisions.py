"""What a question meets, told in plain Python: what the statements of the databases must agree with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from iam.domain.appointments import Appointment, Grant, GroupMember, Portfolio, PortfolioKind
from iam.domain.authorization import Exhibit, Inquiry, Proof, Question, SubjectKind
from iam.domain.clients import Client, written_registration
from iam.domain.delegations import Delegation
from iam.domain.enterprises import Activation, Capacity, CapacityHeld, Enterprise
from iam.domain.instants import end_to_micros
from iam.domain.mandates import Cover
from iam.domain.quarters import Quarter
from iam.domain.tokens import IssuedToken
from iam.ports import Reading
from iam.storage.exhibits import PROOFS

Holder = Appointment | Client


def exhibits_in(newest: Reading, known: Reading, inquiry: Inquiry) -> tuple[Exhibit, ...]:
    """The exhibits for an inquiry: the caller as it stands now, all else as it was known; in their order."""
    found = list(_caller(newest, inquiry))
    question = inquiry.question
    if question.enterprise is not None:
        found += _acting(known, question, question.enterprise, inquiry.at)
    if question.concerned is not None:
        found += _concerned(known, inquiry, question.concerned)
    if question.enterprise is not None and question.concerned not in (None, question.enterprise):
        found += _for_another(known, inquiry)
    return tuple(sorted(found, key=_order))


def _order(one: Exhibit) -> tuple[int, str, int, str]:
    """Exhibits stand in the order of proof, id and end."""
    return PROOFS.index(one.proof), one.id, end_to_micros(one.until), one.detail


def _caller(newest: Reading, inquiry: Inquiry) -> Iterator[Exhibit]:
    client = newest.get(Client, inquiry.caller)
    if client is None or not _good(client, inquiry.now):
        return
    if not _able_until(newest, client.enterprise, client.capacity, inquiry.now):
        return
    token = newest.get(IssuedToken, inquiry.caller_token)
    if inquiry.caller_token and (token is None or token.client != client.id or token.revoked_at is not None):
        return
    yield Exhibit(Proof.CALLER, client.id, _client_end(client), written_registration(client))


def _good(client: Client, at: datetime) -> bool:
    return client.valid.contains(at) and (client.profile_until is None or client.profile_until > at)


def _client_end(client: Client) -> datetime | None:
    return _earliest(client.valid.end, client.profile_until)


def _end_of(holder: Holder) -> datetime | None:
    return _client_end(holder) if isinstance(holder, Client) else holder.valid.end


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _holders(known: Reading, question: Question, at: datetime) -> list[Holder]:
    """The appointments or the client by which the subject holds grants and portfolios."""
    if question.subject_kind is SubjectKind.CLIENT:
        client = known.get(Client, question.subject)
        fits = client is not None and (client.enterprise, client.capacity) == (question.enterprise, question.capacity)
        return [client] if client is not None and fits and _good(client, at) else []
    appointments = known.find(Appointment, person=question.subject, enterprise=question.enterprise)
    return [one for one in appointments if one.valid.contains(at) and one.capacity in (None, question.capacity)]


def _acting(known: Reading, question: Question, enterprise: str, at: datetime) -> Iterator[Exhibit]:
    for holder in _holders(known, question, at):
        if isinstance(holder, Client):
            yield Exhibit(Proof.CLIENT, holder.id, _client_end(holder), holder.kind.value)
        else:
            yield Exhibit(Proof.APPOINTMENT, holder.id, holder.valid.end, holder.role.value)
        for grant in known.find(Grant, holder=holder.id, service=question.service, enterprise=enterprise):
            if grant.capacity is question.capacity and grant.valid.contains(at):
                until = _earliest(grant.valid.end, _end_of(holder))
                yield Exhibit(Proof.GRANT, grant.id, until, " ".join(grant.actions))
    yield from _enterprise(known, enterprise, at, Proof.ENTERPRISE, Proof.ENTERPRISE_CEASED)
    for held in _capacities(known, enterprise, at):
        if held.capacity is question.capacity:
            yield Exhibit(Proof.CAPACITY, held.id, held.valid.end, held.capacity.value)


def _enterprise(known: Reading, number: str, at: datetime, stands: Proof, ceased: Proof) -> Iterator[Exhibit]:
    enterprise = known.get(Enterprise, number)
    if enterprise is not None and enterprise.valid.start <= at:
        proof = stands if enterprise.valid.contains(at) else ceased
        yield Exhibit(proof, enterprise.id, enterprise.valid.end)


def _capacities(known: Reading, number: str, at: datetime) -> list[CapacityHeld]:
    enterprise = known.get(Enterprise, number)
    if enterprise is None or not enterprise.valid.contains(at):
        return []
    return [one for one in known.find(CapacityHeld, enterprise=number) if one.valid.contains(at)]


def _able_until(known: Reading, number: str, capacity: Capacity, at: datetime) -> list[datetime | None]:
    """Until when an enterprise can act in a capacity, for each time that it holds it; none when it cannot."""
    enterprise = known.get(Enterprise, number)
    end = enterprise.valid.end if enterprise else None
    return [_earliest(end, one.valid.end) for one in _capacities(known, number, at) if one.capacity is capacity]


def _concerned(known: Reading, inquiry: Inquiry, concerned: str) -> Iterator[Exhibit]:
    service, at = inquiry.question.service, inquiry.at
    yield from _enterprise(known, concerned, at, Proof.CONCERNED, Proof.CONCERNED_CEASED)
    for held in _capacities(known, concerned, at):
        yield Exhibit(Proof.CONCERNED_CAPACITY, held.id, held.valid.end, held.capacity.value)
    activation = known.get(Activation, f"{concerned}/{service}")
    if not inquiry.activatable or activation is None:
        return
    if activation.enterprise == concerned and activation.valid.contains(at):
        yield Exhibit(Proof.ACTIVATION, activation.id, activation.valid.end, activation.service)


def _for_another(known: Reading, inquiry: Inquiry) -> Iterator[Exhibit]:
    question, at = inquiry.question, inquiry.at
    for holder in _holders(known, question, at):
        for portfolio in known.find(Portfolio, holder=holder.id, enterprise=question.enterprise):
            if portfolio.valid.contains(at):
                yield from _portfolio(known, portfolio, holder, inquiry)
    for cover in known.find(Cover, mandator=question.concerned, mandatary=question.enterprise):
        fits = cover.mandatary_capacity is question.capacity and cover.group in inquiry.groups
        if fits and cover.valid.contains(at):
            yield Exhibit(Proof.MANDATE, cover.mandate, cover.valid.end, str(cover.mandate_version))
    quarter = question.properties.get("quarter")
    if isinstance(quarter, Quarter):
        yield from _delegations(known, inquiry, quarter)


def _portfolio(known: Reading, portfolio: Portfolio, holder: Holder, inquiry: Inquiry) -> Iterator[Exhibit]:
    members = known.find(GroupMember, group=portfolio.group or "", mandator=inquiry.question.concerned)
    ends = [one.valid.end for one in members if one.valid.contains(inquiry.at)]
    end = _earliest(portfolio.valid.end, _end_of(holder))
    if portfolio.kind is PortfolioKind.GROUP:
        if not ends:
            return
        end = _earliest(end, None if None in ends else max(one for one in ends if one is not None))
    elif portfolio.kind is PortfolioKind.ALL_BUT:
        if ends:
            return
        end = _earliest(end, *(one.valid.start for one in members if one.valid.start > inquiry.at))
    yield Exhibit(Proof.PORTFOLIO, portfolio.id, end, portfolio.kind.value)


def _delegations(known: Reading, inquiry: Inquiry, quarter: Quarter) -> Iterator[Exhibit]:
    question, at = inquiry.question, inquiry.at
    for one in known.find(Delegation, mandator=question.concerned, receiver=question.enterprise):
        fits = one.receiver_capacity == question.capacity and one.group in inquiry.groups and one.concerns(quarter)
        cover = known.get(Cover, f"{one.mandate}/{one.group}")
        if fits and one.runs(at) and cover is not None and cover.valid.contains(at) and _gives(cover, one):
            ends = one.valid.end, cover.valid.end
            for until in _able_until(known, cover.mandatary, cover.mandatary_capacity, at):
                yield Exhibit(Proof.DELEGATION, one.id, _earliest(*ends, until), str(one.version))


def _gives(cover: Cover, delegation: Delegation) -> bool:
    return (cover.mandator, cover.mandatary) == (delegation.mandator, delegation.giver)
