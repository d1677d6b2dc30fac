"""The declaration services as the table of the law tells them: who they are for, what software may do, which login."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

EMPLOYER, COMPANY = "employer", "company_without_staff"
PPL = "provincial_or_local_administration"
PROVIDER, SECRETARIAT, FULL_SERVICE = "service_provider", "certified_social_secretariat", "full_service_secretariat"
ADMINISTRATION = "administration"
MANDATARIES = {PROVIDER, SECRETARIAT, FULL_SERVICE}
LEVELS = (None, "low", "substantial", "high")
ALWAYS = date(2003, 1, 1)
ANY: frozenset[str] = frozenset()
NATIONAL, SOCIAL_RISKS = frozenset({"eid", "itsme"}), frozenset({"eid", "itsme", "mygov", "eidas"})


class Service(NamedTuple):
    """One service: for which capacities, in which groups since when, and with which login a person uses it."""

    actions: frozenset[str]
    open_to: frozenset[str] = ANY
    groups: tuple[tuple[str, date], ...] = ()
    level: str = "substantial"
    keys: frozenset[str] = ANY
    domain: str = "social_security"
    only_people: frozenset[str] = ANY
    """Actions that software never does."""

    def groups_on(self, day: date) -> set[str]:
        """The groups that give the service on a day."""
        return {group for group, since in self.groups if since <= day}


def _only(*words: str) -> frozenset[str]:
    return frozenset(words)


DECLARATION = _only("declare", "modify", "consult")
RISK = _only("introduce", "modify", "finalise", "cancel", "consult")
OFFICE = _only("recognise", "withdraw_recognition", "confirm_paper", "migrate", "correct_identity", "grant_number")
DMFA_DIMONA = (("dmfa-dimona", ALWAYS),)


def _risk(group: str, *more: str) -> Service:
    return Service(RISK | {*more}, _only(EMPLOYER, PPL), ((group, ALWAYS),), keys=SOCIAL_RISKS, domain="social_risks")


SERVICES = {
    "dimona": Service(DECLARATION, _only(EMPLOYER, PPL), DMFA_DIMONA),
    "dmfa": Service(DECLARATION | {"collect_contributions"}, _only(EMPLOYER), DMFA_DIMONA),
    "dmfappl": Service(DECLARATION, _only(PPL), DMFA_DIMONA),
    "drs.accident": _risk("drs-accidents"),
    "drs.unemployment": _risk("drs-unemployment"),
    "drs.allowance": _risk("drs-allowances", "respond"),
    "temporary_unemployment": Service(
        _only("declare", "consult"),
        _only(EMPLOYER),
        (("temporary-unemployment", ALWAYS), ("drs-unemployment", date(2026, 7, 1))),
        domain="social_risks",
    ),
    "works": Service(
        DECLARATION | {"add_subcontractor"},
        _only(EMPLOYER, COMPANY, PPL),
        (("works", ALWAYS),),
        level="low",
        domain="works",
    ),
    "working_abroad": Service(
        _only("apply", "consult"),
        _only(EMPLOYER),
        (("working-abroad", ALWAYS),),
        level="low",
        domain="working_abroad",
    ),
    "followit": Service(_only("consult"), keys=SOCIAL_RISKS),
    "ebox": Service(_only("read", "activate"), only_people=_only("activate")),
    "staff_file": Service(_only("manage", "consult"), _only(PPL), (("staff-file", ALWAYS),)),
    "mahis": Service(_only("manage", "consult"), keys=NATIONAL, only_people=_only("manage")),
    "access_management": Service(
        _only("manage", "accept", "consult"), only_people=_only("manage", "accept", "consult")
    ),
    "channels": Service(_only("manage", "consult"), only_people=_only("manage", "consult")),
    "access_managers": Service(_only("designate", "end"), keys=NATIONAL, only_people=_only("designate", "end")),
    "office": Service(OFFICE, _only(ADMINISTRATION), domain="office", only_people=OFFICE),
}
REPRESENTATIVES_ACTS = {
    ("access_managers", "designate"),
    ("access_managers", "end"),
    ("ebox", "activate"),
    ("mahis", "manage"),
}
"""What a legal representative may do by law."""
EXCLUSIVE = {"dmfa-dimona", "drs-accidents", "drs-unemployment", "drs-allowances", "temporary-unemployment"}
"""Groups for which a mandator has one mandatary a quarter."""
