"""The catalogue says of every service what it asks, and configuration may ask another login, never less than a rule."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from iam.domain.applications import Cardinality, Service
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from policies.book import FOLDER, check, read_book
from policies.catalogue import load_catalogue
from policies.engine import CasbinLaw
from policies.pages import BookRefused

TEXT = (FOLDER / "catalogue.toml").read_text()
CATALOGUE = load_catalogue(TEXT)
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DECLARE, DRS = {"declare", "modify", "consult"}, {"introduce", "modify", "finalise", "cancel", "consult"}
EID_ITSME = {LoginKey.EID, LoginKey.ITSME}
OF_DRS = {*EID_ITSME, LoginKey.MYGOV, LoginKey.EIDAS}
EMPLOYER, TOWN = Capacity.EMPLOYER, Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION
WORKSHOP = Capacity.COMPANY_WITHOUT_STAFF
NEVER_BY_SOFTWARE = {
    "mahis manage",
    "access_management manage",
    "access_management accept",
    "ebox activate",
    "access_managers designate",
    "access_managers end",
}

TABLE = {
    "dimona": (DECLARE, ("dmfa-dimona",), {EMPLOYER, TOWN}),
    "dmfa": (DECLARE | {"collect_contributions"}, ("dmfa-dimona",), {EMPLOYER}),
    "dmfappl": (DECLARE, ("dmfa-dimona",), {TOWN}),
    "drs.accident": (DRS, ("drs-accidents",), {EMPLOYER, TOWN}),
    "drs.unemployment": (DRS, ("drs-unemployment",), {EMPLOYER, TOWN}),
    "drs.allowance": (DRS | {"respond"}, ("drs-allowances",), {EMPLOYER, TOWN}),
    "temporary_unemployment": (
        {"declare", "consult"},
        ("temporary-unemployment", "drs-unemployment"),
        {EMPLOYER},
    ),
    "works": (DECLARE | {"add_subcontractor"}, ("works",), {EMPLOYER, WORKSHOP, TOWN}),
    "working_abroad": ({"apply", "consult"}, ("working-abroad",), {EMPLOYER}),
    "followit": ({"consult"}, (), set()),
    "ebox": ({"read", "activate"}, (), set()),
    "staff_file": ({"manage", "consult"}, ("staff-file",), {TOWN}),
    "mahis": ({"manage", "consult"}, (), set()),
    "access_management": ({"manage", "accept", "consult"}, (), set()),
    "channels": ({"manage", "consult"}, (), set()),
    "access_managers": ({"designate", "end"}, (), set()),
    "office": (
        {"recognise", "withdraw_recognition", "confirm_paper", "migrate", "correct_identity", "grant_number"},
        (),
        {Capacity.ADMINISTRATION},
    ),
    "authorization": ({"evaluate", "introspect", "administer", "receive"}, (), set()),
}
ONE = {"dmfa-dimona", "drs-accidents", "drs-unemployment", "drs-allowances", "temporary-unemployment"}


def test_the_catalogue_has_these_services_and_no_others() -> None:
    assert CATALOGUE.services.keys() == TABLE.keys()


@pytest.mark.parametrize("code", TABLE)
def test_a_service_has_its_actions_groups_and_enterprises(code: str) -> None:
    service = CATALOGUE.services[code]
    found = (set(service.actions), CATALOGUE.groups_of(code, NOW), set(service.open_to))
    assert found == TABLE[code]


@pytest.mark.parametrize("code", TABLE)
def test_a_service_asks_the_login_that_is_its_default(code: str) -> None:
    level = Assurance.LOW if code in {"works", "working_abroad"} else Assurance.SUBSTANTIAL
    keys = OF_DRS if code.startswith("drs.") or code == "followit" else set()
    keys = EID_ITSME if code in {"mahis", "access_managers"} else keys
    service = CATALOGUE.services[code]
    for action in service.actions.values():
        asked = EID_ITSME if (code, action.name) == ("ebox", "activate") else keys
        assert service.minimum_for(action) is level
        assert set(service.keys_for(action)) == asked


def test_software_never_does_what_asks_a_person() -> None:
    acts = {
        f"{one.code} {name}" for one in CATALOGUE.services.values() for name, act in one.actions.items() if act.client
    }
    assert acts.isdisjoint(NEVER_BY_SOFTWARE)
    assert not any(act.startswith("office ") for act in acts)
    assert {act for act in acts if act.startswith("authorization ")} == {
        "authorization evaluate",
        "authorization introspect",
        "authorization administer",
        "authorization receive",
    }


def test_a_scope_stands_for_one_act_of_one_service() -> None:
    assert CATALOGUE.service_of_scope("scope:dimona:declaration:declare") == (
        CATALOGUE.services["dimona"],
        CATALOGUE.services["dimona"].actions["declare"],
    )
    assert CATALOGUE.service_of_scope("scope:dimona:declaration:*") is None


@pytest.mark.parametrize("code", CATALOGUE.groups)
def test_a_group_takes_one_mandatary_or_several(code: str) -> None:
    assert CATALOGUE.groups[code].cardinality is (Cardinality.ONE if code in ONE else Cardinality.SEVERAL)


@pytest.mark.parametrize("code", CATALOGUE.groups)
@pytest.mark.parametrize("mandatary", sorted(Capacity))
@pytest.mark.parametrize("mandator", [EMPLOYER, WORKSHOP, TOWN])
def test_a_group_is_open_between_these_two(code: str, mandatary: Capacity, mandator: Capacity) -> None:
    private = mandatary in {Capacity.SERVICE_PROVIDER, Capacity.CERTIFIED_SOCIAL_SECRETARIAT}
    serves = private or (mandatary is Capacity.FULL_SERVICE_SECRETARIAT and mandator is TOWN)
    gives = {
        "works": {EMPLOYER, WORKSHOP, TOWN},
        "staff-file": {TOWN},
        "working-abroad": {EMPLOYER},
        "temporary-unemployment": {EMPLOYER},
    }.get(code, {EMPLOYER, TOWN})
    assert CATALOGUE.groups[code].open_between({mandator}, mandatary) is (serves and mandator in gives)


@pytest.mark.parametrize(
    ("instant", "groups"),
    [
        (datetime(2026, 6, 30, 21, 59, 59, 999999, UTC), ("temporary-unemployment",)),
        (datetime(2026, 6, 30, 22, tzinfo=UTC), ("temporary-unemployment", "drs-unemployment")),
        (datetime(2002, 12, 31, 22, 59, tzinfo=UTC), ()),
    ],
)
def test_a_service_joins_a_group_at_midnight_in_brussels(instant: datetime, groups: tuple[str, ...]) -> None:
    assert CATALOGUE.groups_of("temporary_unemployment", instant) == groups


def overridden(code: str, **fields: object) -> Service:
    """A service of the catalogue with its login configured otherwise."""
    return load_catalogue(TEXT, {code: fields}).services[code]


def test_configuration_asks_another_login() -> None:
    service = overridden("works", minimum="high", keys=["eid"])
    assert (service.minimum, set(service.keys)) == (Assurance.HIGH, {LoginKey.EID})
    assert overridden("works", minimum="high").keys == CATALOGUE.services["works"].keys
    act = {"activate": {"keys": ["eid"]}}
    service = overridden("ebox", actions=act)
    assert service.keys_for(service.actions["activate"]) == {LoginKey.EID}
    assert service.minimum_for(service.actions["activate"]) is Assurance.SUBSTANTIAL


def test_what_is_not_overridden_stays() -> None:
    changed = load_catalogue(TEXT, {"works": {"minimum": "high"}})
    assert {code for code, one in changed.services.items() if one != CATALOGUE.services[code]} == {"works"}
    assert (changed.groups, changed.links) == (CATALOGUE.groups, CATALOGUE.links)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"dimonna": {"minimum": "high"}}, "dimonna: there is no such service to override"),
        ({"dimona": {"minimum": "higher"}}, "'higher' is none of: low, substantial, high"),
        ({"dimona": {"minimum": 3}}, "3 is none of"),
        ({"dimona": {"keys": "eid"}}, "dimona.keys: a list is expected"),
        ({"dimona": {"keys": ["eid", "eid"]}}, "a word stands twice"),
        ({"dimona": {"open_to": []}}, "dimona.open_to: no such field is known here"),
        ({"ebox": {"actions": {"activates": {}}}}, "there is no action 'activates' to override"),
        ({"ebox": {"actions": {"activate": {"client": True}}}}, "ebox.actions.activate.client: no such field"),
    ],
)
def test_an_override_of_something_else_is_refused(overrides: dict[str, dict[str, object]], complaint: str) -> None:
    with pytest.raises(BookRefused, match=r"overrides\.json:1: ") as refused:
        load_catalogue(TEXT, overrides)
    assert any(complaint in error for error in refused.value.errors)


@pytest.mark.parametrize("code", ["mahis", "access_management", "channels", "access_managers", "office"])
def test_no_configuration_goes_below_the_level_that_a_rule_asks_itself(code: str) -> None:
    errors = check(overrides={code: {"minimum": "low"}})
    assert errors and all(f"{code} " in error and "lies below substantial" in error for error in errors)


@pytest.mark.parametrize("overrides", [{"works": "high"}, {"works": {"minimum": date(2026, 1, 1)}}, {"minimum": "low"}])
def test_overrides_that_are_no_tables_of_words_are_refused(overrides: dict[str, object]) -> None:
    assert check(overrides=overrides)


@pytest.mark.parametrize("code", ["dimona", "dmfa", "drs.accident", "followit", "staff_file"])
def test_configuration_may_lower_a_default(code: str) -> None:
    assert check(overrides={code: {"minimum": "low"}}) == []


def test_what_is_overridden_is_part_of_the_book() -> None:
    book = read_book(overrides={"works": {"minimum": "high"}})
    assert book.hash != read_book().hash
    assert CasbinLaw(book).catalogue.services["works"].minimum is Assurance.HIGH


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('scope:dimona:declaration:declare"', 'scope:dimona:declaration:modify"', "the scope is written"),
        ('scope:dimona:declaration:declare"', 'scope:dmfa:declaration:declare"', "the scope is written"),
        ('minimum = "substantial"', 'minimum = "middle"', "'middle' is none of"),
        ('keys = ["eid", "itsme", "mygov", "eidas"]', 'keys = ["eid", "itsmee"]', "'itsmee' is none of"),
        ('open_to = ["employer"]', 'open_to = ["boss"]', "'boss' is none of"),
        ('services = ["staff_file"]', 'services = ["staff_files"]', "'staff_files' is none of"),
        ('group = "staff-file"', 'group = "staff-files"', "'staff-files' is none of"),
        ('group = "staff-file"', 'group = "works"', "the group 'staff-file' gives no service"),
        ('services = ["works"]\nsince = 2003-01-01', 'services = ["works"]\nsince = "2003"', "a date is expected"),
        ("since = 2026-07-01", "since = 2026-07-01\nuntil = 2026-06-30", "the link ends before it starts"),
        (
            'services = ["drs.unemployment"]',
            'services = ["drs.unemployment", "temporary_unemployment"]',
            "linked twice",
        ),
        ("follows = true", "follow = true", "services.followit.follow: no such field is known here"),
        ('quarter = "quarter" }', 'quarter = "quartal" }', "'quartal' is none of"),
        ('cardinality = "one"', 'cardinality = "two"', "'two' is none of"),
        ("mandataries_for = { full_service_secretariat", "mandataries_for = { employer", "names who is no mandatary"),
        (
            "mandataries_for = { full_service_secretariat",
            "mandataries_for = { fss",
            "mandataries_for.fss: no such field",
        ),
        ('mandators = ["employer"]', "mandators = []", "has no mandators or no mandataries"),
        ("[services.dimona.actions]", "[services.dimona.acts]", "services.dimona.actions: a table is expected"),
        ("[services.dimona]", "[[services.dimona]]", "services.dimona: a table is expected"),
    ],
)
def test_a_misprint_in_the_catalogue_is_refused(old: str, new: str, complaint: str) -> None:
    assert old in TEXT
    book = read_book()
    with pytest.raises(BookRefused) as refused:
        CasbinLaw(type(book)({**book.texts, "catalogue.toml": TEXT.replace(old, new, 1)}))
    assert any(error.startswith("catalogue.toml:") and complaint in error for error in refused.value.errors)
