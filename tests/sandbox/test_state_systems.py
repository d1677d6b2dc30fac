"""The sandbox plays the state: registers that answer through the house's own adapters, and a login source."""

from datetime import timedelta

import jwt
import pytest
import requests

from iam.domain.enterprises import Capacity, DirectoryChange, DirectoryChangeKind
from iam.domain.errors import Unavailable
from iam.domain.periods import local_date
from iam.domain.persons import NumberReplaced
from iam.outside.clock import ShiftedClock
from iam.outside.employer_directory import HttpEmployerDirectory
from iam.outside.enterprise_register import HttpEnterpriseRegister
from iam.outside.guarded_http import GuardedHttp
from iam.outside.person_register import HttpPersonRegister
from iam.sandbox.country import read_country
from iam.sandbox.numbers import employer_number, enterprise_number
from iam.sandbox.state_server import StateSystems, playing_the_state
from iam.settings import UnsafeSettings
from oidc.authentication_sources import read_sources
from tests.sandbox.conftest import BASE_URL, START

COUNTRY = read_country(local_date(START))


@pytest.fixture
def register(state: StateSystems, clock: ShiftedClock) -> HttpEnterpriseRegister:
    """The house's own adapter of the enterprise register."""
    return HttpEnterpriseRegister(GuardedHttp(state.enterprise_register, timeout=1), clock)


@pytest.fixture
def directory(state: StateSystems) -> HttpEmployerDirectory:
    """The house's own adapter of the employer directory."""
    return HttpEmployerDirectory(GuardedHttp(state.employer_directory))


def control(state: StateSystems, what: str, **order: object) -> requests.Response:
    """Change the country while it runs."""
    return requests.post(f"{state.url}/control/{what}", json=order, timeout=5)


def in_office(register: HttpEnterpriseRegister, firm: str) -> set[str]:
    """The aliases of who may represent an enterprise now."""
    extract = register.extract(COUNTRY.number_of(firm))
    numbers = {one.niss for one in extract.representatives if one.valid.contains(extract.asked_at)}
    return {alias for alias, one in COUNTRY.personas.items() if one.niss.value in numbers}


def test_the_register_lists_who_represents_an_enterprise_today(register: HttpEnterpriseRegister) -> None:
    assert in_office(register, "bakery") == {"bea", "hugo"}
    assert in_office(register, "cooperative") == {"jan", "julie", "joris"}
    assert register.extract(COUNTRY.number_of("cooperative")).required_signatures == 2


def test_the_register_tells_that_an_enterprise_has_ceased(register: HttpEnterpriseRegister) -> None:
    extract = register.extract(COUNTRY.number_of("printer"))
    assert extract.ceased_at is not None
    assert START - timedelta(days=200) < extract.ceased_at < START - timedelta(days=198)


def test_a_number_without_enterprise_does_not_exist(register: HttpEnterpriseRegister) -> None:
    assert register.extract(enterprise_number(19_999_999).value).exists is False


def test_a_function_ends_at_once_when_the_register_strikes_it(
    state: StateSystems, register: HttpEnterpriseRegister
) -> None:
    who = {"number": COUNTRY.number_of("bakery"), "niss": COUNTRY.niss_of("bea").formatted}
    assert control(state, "functions/end", **who).status_code == 200
    assert in_office(register, "bakery") == {"hugo"}
    assert control(state, "functions/end", **who).status_code == 404
    assert control(state, "functions", **who).status_code == 200
    assert in_office(register, "bakery") == {"bea", "hugo"}


@pytest.mark.parametrize("mood", ["refuses", "silent"])
def test_a_register_that_does_not_answer_is_told_as_such(
    state: StateSystems, register: HttpEnterpriseRegister, mood: str
) -> None:
    assert control(state, "register", mood=mood).status_code == 200
    with pytest.raises(Unavailable):
        register.extract(COUNTRY.number_of("bakery"))
    control(state, "register", mood="answers")
    assert register.extract(COUNTRY.number_of("bakery")).exists


def test_a_new_enterprise_can_be_founded_with_joint_signing(
    state: StateSystems, register: HttpEnterpriseRegister
) -> None:
    number = enterprise_number(19_995_000).value
    control(state, "enterprises", number=number, required_signatures=2)
    control(state, "functions", number=number, niss=COUNTRY.niss_of("gust").value, title="partner")
    extract = register.extract(number)
    assert (extract.exists, extract.required_signatures) == (True, 2)
    assert [one.function for one in extract.representatives] == ["partner"]


def test_the_feed_tells_every_capacity_once_and_in_order(directory: HttpEmployerDirectory) -> None:
    pages = [directory.changes_after(0, 5)]
    while pages[-1]:
        pages.append(directory.changes_after(pages[-1][-1].sequence, 5))
    lines = [line for page in pages for line in page if isinstance(line, DirectoryChange)]
    assert len(lines) == sum(map(len, pages))
    assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
    assert sorted(lines, key=lambda line: line.at) == lines
    started = {(line.enterprise, line.capacity) for line in lines if line.kind is DirectoryChangeKind.CAPACITY_STARTED}
    told = {(firm.number.value, one.capacity) for firm in COUNTRY.firms.values() for one in firm.capacities}
    assert started == told
    assert [line.enterprise for line in lines if line.kind is DirectoryChangeKind.CEASED] == [
        COUNTRY.number_of("printer")
    ]


def test_changes_of_the_directory_reach_its_feed(state: StateSystems, directory: HttpEmployerDirectory) -> None:
    number, employer = COUNTRY.number_of("studio"), str(employer_number(9_999_999))
    last = directory.changes_after(0, 500)[-1].sequence
    control(state, "capacities", number=number, capacity="employer", employer_number=employer)
    control(state, "capacities/end", number=number, capacity="employer", employer_number=employer)
    control(state, "cease", number=number)
    lines = [line for line in directory.changes_after(last, 500) if isinstance(line, DirectoryChange)]
    started, ended, ceased = lines
    assert (started.kind, started.capacity) == (DirectoryChangeKind.CAPACITY_STARTED, Capacity.EMPLOYER)
    assert (ended.kind, ended.employer_number) == (DirectoryChangeKind.CAPACITY_ENDED, employer)
    assert (ceased.kind, ceased.enterprise) == (DirectoryChangeKind.CEASED, number)


def test_a_number_that_is_replaced_reaches_the_feed_of_the_register_of_persons(state: StateSystems) -> None:
    persons = HttpPersonRegister(GuardedHttp(state.person_register))
    last = len(persons.changes_after(0, 500))
    former, present = COUNTRY.niss_of("hugo"), COUNTRY.niss_of("lena")
    answer = control(state, "numbers", former=former.formatted, present=present.value)
    (line,) = persons.changes_after(last, 500)
    assert isinstance(line, NumberReplaced)
    assert (line.sequence, line.former, line.present) == (answer.json()["line"], former, present)
    assert persons.changes_after(line.sequence, 500) == []
    assert control(state, "numbers", former="85073003328", present=present.value).status_code == 404


def test_a_cessation_reaches_the_register_too(state: StateSystems, register: HttpEnterpriseRegister) -> None:
    control(state, "cease", number=COUNTRY.number_of("roofer"))
    extract = register.extract(COUNTRY.number_of("roofer"))
    assert extract.ceased_at is not None
    assert extract.ceased_at <= extract.asked_at


def login(state: StateSystems, **order: object) -> requests.Response:
    """Ask the login source to vouch for somebody."""
    return requests.post(f"{state.url}/login", json={"azp": "portal", **order}, timeout=5)


def test_the_login_source_vouches_by_a_signed_token(state: StateSystems, clock: ShiftedClock) -> None:
    niss = COUNTRY.niss_of("lena").value
    answer = login(state, niss=niss, key="itsme", acr="substantial", seconds_ago=60)
    token = answer.json()["token"]
    published = requests.get(f"{state.url}/login/jwks", timeout=5).json()
    key = jwt.PyJWKSet.from_dict(published)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.get_unverified_header(token)["typ"] == "authentication+jwt"
    claims = jwt.decode(
        token, key, ["ES256"], audience=BASE_URL, issuer=state.url, options={"verify_exp": False, "verify_iat": False}
    )
    assert (claims["niss"], claims["key"], claims["acr"], claims["azp"]) == (niss, "itsme", "substantial", "portal")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["iat"] - claims["auth_time"] == 60
    assert abs(claims["iat"] - clock.now().timestamp()) < 5
    assert "d" not in published["keys"][0]


def test_a_login_reaches_the_level_of_its_key_unless_another_is_asked(state: StateSystems) -> None:
    niss = COUNTRY.niss_of("lena").value
    tokens = [login(state, niss=niss, **order).json()["token"] for order in ({}, {"key": "password"}, {"acr": "low"})]
    levels = [jwt.decode(one, options={"verify_signature": False})["acr"] for one in tokens]
    assert levels == ["high", "low", "low"]


def test_the_house_believes_the_source_in_the_sandbox_and_refuses_it_in_production(state: StateSystems) -> None:
    configuration = state.source.configuration()
    assert set(read_sources(configuration, production=False)) == {state.url}
    with pytest.raises(UnsafeSettings) as caught:
        read_sources(configuration, production=True)
    assert any("key of the sandbox" in problem for problem in caught.value.problems)
    assert any("this machine" in problem for problem in caught.value.problems)


def test_no_two_testimonies_have_one_identity(state: StateSystems) -> None:
    tokens = [login(state, niss=COUNTRY.niss_of("lena").value).json()["token"] for _ in range(5)]
    assert len({jwt.decode(one, options={"verify_signature": False})["jti"] for one in tokens}) == 5


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"niss": "85073003328"}, 404),
        ({"niss": "not a number"}, 400),
        ({"niss": COUNTRY.niss_of("lena").value, "key": "guess"}, 400),
        ({"niss": COUNTRY.niss_of("lena").value, "acr": "highest"}, 400),
        ({"niss": COUNTRY.niss_of("lena").value, "azp": ""}, 400),
        ({"niss": COUNTRY.niss_of("lena").value, "more": 1}, 400),
        ({}, 400),
    ],
)
def test_a_login_that_cannot_be_vouched_for_is_refused(
    state: StateSystems, order: dict[str, object], status: int
) -> None:
    assert login(state, **order).status_code == status


@pytest.mark.parametrize("host", ["register.example", "127.0.0.1.register.example", "localhost.example:80", ""])
def test_a_page_of_another_site_cannot_reach_the_state(state: StateSystems, host: str) -> None:
    answer = requests.get(f"{state.url}/login/jwks", headers={"Host": host}, timeout=5)
    assert answer.status_code in (400, 403)


def test_the_state_answers_by_its_name_on_this_machine(state: StateSystems) -> None:
    port = state.url.rsplit(":", 1)[1]
    answer = requests.get(f"{state.url}/login/jwks", headers={"Host": f"localhost:{port}"}, timeout=5)
    assert answer.status_code == 200


def test_a_taken_port_is_replaced_by_a_free_one(state: StateSystems, clock: ShiftedClock) -> None:
    taken = int(state.url.rsplit(":", 1)[1])
    with playing_the_state(COUNTRY, clock, BASE_URL, port=taken) as second:
        assert second.url != state.url
        assert requests.get(f"{second.url}/login/jwks", timeout=5).status_code == 200
