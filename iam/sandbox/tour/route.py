"""The route of the guided tour: its parts and steps, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.assurance import LoginKey
from iam.domain.enterprises import Capacity
from iam.sandbox.tour import hierarchy_steps as hierarchy
from iam.sandbox.tour import login_steps as logins
from iam.sandbox.tour import mandate_steps as mandates
from iam.sandbox.tour import service_steps as services
from iam.sandbox.tour import software_steps as software
from iam.sandbox.tour.guide import Guide
from iam.sandbox.tour.questions import Check, permitted, refused

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
UGO, EMMA = "appointment of ugo", "appointment of emma"
LONG_BEFORE = timedelta(days=200)
"""When the florist's mandate to the payroll bureau, since closed, was in force."""

EMMA_DECLARES = Check(
    asker="declarations",
    who="emma",
    firm="accountants",
    capacity=PROVIDER,
    service="dimona",
    action="declare",
    employer="brewery",
    key=LoginKey.ITSME,
)
SOFTWARE_DECLARES = replace(EMMA_DECLARES, who=software.SOFTWARE, key=None)
NINA_DECLARES = replace(EMMA_DECLARES, who="nina", firm="bureau", employer="florist")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what happens, why it may, and the requests that do it."""

    title: str
    why: str
    walk: Callable[[Guide], None]


@dataclass(frozen=True, slots=True)
class Part:
    """Some steps that belong together."""

    title: str
    steps: tuple[Step, ...]


def _registers_brewery(guide: Guide) -> None:
    hierarchy.register(guide, "lena", "brewery")


def _designates_paul(guide: Guide) -> None:
    hierarchy.designate(guide, "lena", "brewery", "paul")


def _appoints_lotte(guide: Guide) -> None:
    hierarchy.appoint_local_manager(guide, "paul", "brewery", "lotte", EMPLOYER)


def _creates_ugo(guide: Guide) -> None:
    hierarchy.create_user(guide, "lotte", "brewery", "ugo", EMPLOYER)
    hierarchy.grant(guide, "lotte", "brewery", UGO, EMPLOYER, "dimona", ("consult", "declare"))
    hierarchy.grant(guide, "lotte", "brewery", UGO, EMPLOYER, "mahis", ("consult", "manage"))


def _opens_accountants(guide: Guide) -> None:
    hierarchy.register(guide, "bert", "accountants")
    hierarchy.designate(guide, "bert", "accountants", "pia")
    hierarchy.appoint_local_manager(guide, "pia", "accountants", "lars", PROVIDER)


def _creates_emma(guide: Guide) -> None:
    hierarchy.create_user(guide, "lars", "accountants", "emma", PROVIDER)
    hierarchy.grant(guide, "lars", "accountants", EMMA, PROVIDER, "dimona", ("consult", "declare"))
    hierarchy.grant(guide, "lars", "accountants", EMMA, PROVIDER, "mahis", ("consult", "manage"))
    hierarchy.give_portfolio(guide, "lars", "accountants", EMMA, PROVIDER)


def _equips_emma_for_risks(guide: Guide) -> None:
    hierarchy.grant(guide, "pia", "accountants", EMMA, PROVIDER, "drs.unemployment", ("consult", "introduce"))


def _equips_software(guide: Guide) -> None:
    hierarchy.grant(guide, "lars", "accountants", software.SOFTWARE, PROVIDER, "dimona", ("consult", "declare"))
    hierarchy.give_portfolio(guide, "lars", "accountants", software.SOFTWARE, PROVIDER)


def _asks_about_yesterday(guide: Guide) -> None:
    yesterday = guide.clock.now() - timedelta(days=1)
    refused(guide, replace(SOFTWARE_DECLARES, as_of=yesterday), "unknown_subject", None)


def _asks_about_last_year(guide: Guide) -> None:
    permitted(guide, replace(NINA_DECLARES, as_of=guide.clock.now() - LONG_BEFORE))
    refused(guide, NINA_DECLARES, "no_mandate_in_force", "propose_mandate")


def _asks_of_other_group(guide: Guide) -> None:
    check = replace(EMMA_DECLARES, asker="social_risks", service="drs.unemployment", action="introduce")
    refused(guide, check, "no_mandate_in_force", "propose_mandate")


def _asks_without_grant(guide: Guide) -> None:
    refused(guide, replace(EMMA_DECLARES, action="modify"), "no_grant", "ask_manager")


def _asks_with_password(guide: Guide) -> None:
    refused(guide, replace(EMMA_DECLARES, key=LoginKey.PASSWORD), "assurance_too_low", "step_up")


def _asks_again(guide: Guide) -> None:
    refused(guide, SOFTWARE_DECLARES, "no_mandate_in_force", "propose_mandate")
    software.introspect(guide, active=False)


ROUTE = (
    Part(
        "An employer sets up who may do what",
        (
            Step(
                "Lena, its managing director, registers the brewery",
                "The enterprise register is asked live whether she represents it.",
                _registers_brewery,
            ),
            Step(
                "Lena designates Paul as principal access manager",
                "There is one at a time; a new one ends the former in the same instant.",
                _designates_paul,
            ),
            Step(
                "Paul designates Lotte as local manager",
                "Her reach is one capacity and one domain of services.",
                _appoints_lotte,
            ),
            Step(
                "Lotte creates Ugo as user and gives him two applications",
                "A manager gives what lies within the own reach; using it takes a grant, for everybody.",
                _creates_ugo,
            ),
        ),
    ),
    Part(
        "A social service provider does likewise",
        (
            Step(
                "Bert registers the accountants and designates Pia, who designates Lars",
                "Officers of the administration recognised the provider before.",
                _opens_accountants,
            ),
            Step(
                "Lars creates Emma as user, gives her applications and a portfolio",
                "To act for others takes a grant and a portfolio that holds them.",
                _creates_emma,
            ),
            Step(
                "Pia gives Emma an application of another domain",
                "That lies beyond Lars's reach, not beyond that of the principal access manager.",
                _equips_emma_for_risks,
            ),
        ),
    ),
    Part(
        "The employer gives the provider a mandate",
        (
            Step(
                "Ugo proposes a mandate for the group DmfA-Dimona from the present quarter on",
                "He has the Mahis role 'manage'. Finalised, the proposal waits for the other side.",
                mandates.propose,
            ),
            Step(
                "Emma reads it and validates it",
                "The hash binds her to exactly the content that Ugo accepted.",
                mandates.validate,
            ),
        ),
    ),
    Part(
        "The provider's software gets a token",
        (
            Step(
                "Lars registers the payroll software with its public key",
                "A channel belongs to one enterprise and capacity, and can do nothing yet.",
                software.register_software,
            ),
            Step(
                "Lars gives the software an application and a portfolio",
                "Software needs both, as people do.",
                _equips_software,
            ),
            Step(
                "The software asks for an access token to act for the brewery",
                "Each scope is one decision by the same law as every check.",
                software.get_token,
            ),
        ),
    ),
    Part(
        "A declaration service asks",
        (
            Step(
                "about the software",
                "It may ask about the services that its registration lists.",
                lambda guide: permitted(guide, SOFTWARE_DECLARES),
            ),
            Step(
                "about Emma, who has logged in with itsme",
                "Level and key come from the login source's signed word, never from the asker.",
                lambda guide: permitted(guide, EMMA_DECLARES),
            ),
            Step("about yesterday", "The software was not registered then.", _asks_about_yesterday),
            Step(
                "about Nina of the payroll bureau: two hundred days ago, and today",
                "The florist's mandate was in force then, and was closed since.",
                _asks_about_last_year,
            ),
        ),
    ),
    Part(
        "Refusals say why, and what would help",
        (
            Step(
                "Another application group: Emma, for the brewery's unemployment declarations",
                "The mandate holds DmfA-Dimona only.",
                _asks_of_other_group,
            ),
            Step("No grant: Emma, to modify a declaration", "She was given consult and declare.", _asks_without_grant),
            Step(
                "Level too low: Emma, who has logged in with a password",
                "The service asks more than a password gives.",
                _asks_with_password,
            ),
            Step(
                "The software asks for a token with a scope of that other group",
                "What is not permitted is refused; nothing is left out in silence.",
                software.ask_for_too_much,
            ),
        ),
    ),
    Part(
        "The employer takes the mandate back",
        (
            Step(
                "The token is good so far",
                "Introspection judges its scopes anew each time.",
                lambda guide: software.introspect(guide, active=True),
            ),
            Step("Ugo closes the mandate", "Either side may, alone; there is no run-off.", mandates.close),
            Step(
                "The same check is refused, and the token is worth nothing",
                "From the acknowledgement of the closing on.",
                _asks_again,
            ),
        ),
    ),
    Part(
        "People log in on our own pages",
        (
            Step(
                "Lena logs in by itsme",
                "Its answer is signed and encrypted; every key ends in the same hall.",
                logins.log_in_by_itsme,
            ),
            Step(
                "Mari comes from Estonia by eIDAS, and asks for a number",
                "A key of another country proves who she is there, and no number here.",
                logins.come_by_eidas,
            ),
            Step(
                "Olga, an officer, links Mari's identity to the BIS number that Mari was given",
                "One officer is enough; nobody is ever matched by name or birth date alone.",
                logins.confirm,
            ),
            Step("Mari logs in again, and is recognised", "Later logins need her own key alone.", logins.come_back),
        ),
    ),
    Part(
        "A person logs in to a declaration service",
        (
            Step(
                "Ugo logs in to Dimona on the web, and lets it declare for the brewery",
                "The service never sees his key; what it may do is judged now, and again at every use.",
                services.log_in_to_dimona,
            ),
        ),
    ),
)
