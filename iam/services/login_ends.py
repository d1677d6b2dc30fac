"""The end of a login: what people granted for its duration ends with it, and the clients they went to are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from iam.domain.authorization_grants import AuthorizationGrant, session_name
from iam.domain.client_metadata import OFFLINE, OPENID, ClientMetadata
from iam.domain.logout_notices import NOTICE_LIFE, LogoutNotice, WatchedLogin, due_key
from iam.domain.sessions import Session, SessionRules
from iam.ports import Archive, Clock, Reading, UnitOfWork
from iam.services.grant_families import revoke_family

ENDED = "login_end"
"""The purpose under which it is remembered that the clients of a login were told."""
REMEMBERED = timedelta(days=3)
"""Far longer than the rows of a session stay after it ended."""
AT_ONCE = 200


def end_login(uow: UnitOfWork, login: str, why: str = "logged_out") -> None:
    """Revoke every grant that was given for the duration of a login; those for when the person is away stay.

    `why` is told with it: `logged_out`, `login_lapsed`, `provider_distrusted`.

    Every client that the person logged in to by it, and that wants to be told, will be, once: what waits to be told is
    durable with the end itself.
    """
    grants = uow.find(AuthorizationGrant, login=login)
    for grant in grants:
        if grant.live(uow.now) and OFFLINE not in grant.scopes:
            revoke_family(uow, grant, "logged_out")
    if grants and uow.claim(ENDED, login, uow.now + REMEMBERED):
        persons = {one.client: one.person for one in grants if OPENID in one.scopes}
        for client, person in sorted(persons.items()):
            _note(uow, login, client, person)
        uow.announce("login_ended", {"login": login, "why": why})


def watch_login(uow: UnitOfWork, session: Session, rules: SessionRules | None = None) -> None:
    """Watch the login of a session, within the unit of work that granted something by it, for its end by time."""
    if len(uow.find(AuthorizationGrant, login=session.login, limit=2)) < 2:
        _watch(uow, session.login, [session], rules or SessionRules())


def login_lasts(reading: Reading, login: str, at: datetime, rules: SessionRules | None = None) -> bool:
    """Whether a login has a living session."""
    idle = (rules or SessionRules()).idle
    return any(one.live(at, idle) for one in reading.find(Session, login=login))


class LoginEnds:
    """Ends by time, which nobody's request brings about."""

    def __init__(self, archive: Archive, clock: Clock, rules: SessionRules | None = None) -> None:
        self._archive = archive
        self._clock = clock
        self._rules = rules or SessionRules()

    def end_lapsed(self) -> int:
        """End every login whose session expired or fell idle; returns how many ended.

        The sessions themselves stay until they are swept out: what their person had typed is still given back.
        """
        ended = 0
        while due := self._due():
            with self._archive.writing() as uow:
                ended += sum(self._looked_at(uow, one) for one in due)
                uow.commit()
        return ended

    def _due(self) -> list[WatchedLogin]:
        with self._archive.reading() as reading:
            first = reading.find(WatchedLogin, limit=AT_ONCE)
        now = due_key(self._clock.now())
        return [one for one in first if one.id < now]

    def _looked_at(self, uow: UnitOfWork, watched: WatchedLogin) -> int:
        if uow.get(WatchedLogin, watched.id) is None:
            return 0
        uow.remove(WatchedLogin, watched.id)
        living = [one for one in uow.find(Session, login=watched.login) if one.live(uow.now, self._rules.idle)]
        if living:
            _watch(uow, watched.login, living, self._rules)
            return 0
        end_login(uow, watched.login, "login_lapsed")
        return 1


def _watch(uow: UnitOfWork, login: str, living: list[Session], rules: SessionRules) -> None:
    lapses = max(min(one.expires_at, one.seen_at + rules.idle) for one in living)
    uow.put(WatchedLogin(id=due_key(lapses, login), login=login))


def _note(uow: UnitOfWork, login: str, client: str, person: str) -> None:
    metadata = uow.get(ClientMetadata, client)
    if metadata is None or not metadata.backchannel_logout_uri:
        return
    sid = session_name(login, client)
    notice = LogoutNotice(
        id=due_key(uow.now, sid), client=client, person=person, sid=sid, tries=0, expires_at=uow.now + NOTICE_LIFE
    )
    uow.put(notice)
    uow.announce("logout_notice_waits", {"client": client, "sid": sid})
