"""The Italian tester of SAML service providers judges our metadata, our requests and what we make of answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from lxml import etree

from iam.sandbox.identity_providers.saml_keys import Pair
from iam.sandbox.identity_providers.saml_metadata import identity_provider_metadata
from iam.sandbox.identity_providers.saml_protection import signed
from tests.engines import program
from tests.pip_packages import PEERS, environment_of
from tests.running import Sandbox, Service, sandbox
from tests.saml import premises as p
from tests.saml.door_scene import METADATA_SIGNER, NODE_ENTITY, Scene

README = Path(__file__).parents[2] / "saml" / "README.md"
ENTITY = "https://localhost:8443"
SPID = "https://www.spid.gov.it/SpidL"
PROVIDER = f"""
[providers.spid]
kind = "saml"
key = "fas"
highest = "high"
labels = {{ nl = "t", fr = "t", de = "t", en = "t" }}
levels = {{ "{SPID}1" = "low", "{SPID}2" = "substantial", "{SPID}3" = "high" }}
[providers.spid.settings]
metadata = "METADATA"
signature = "rsa-sha256"
smallest_rsa = 2048
encrypted = false
contact = "access@example.be"
attributes = {{ number = "nrn", family_name = "familyName", given_name = "name", subject = "spidCode" }}
"""


@dataclass(frozen=True)
class Program:
    """The program, in an environment of its own."""

    programs: Path
    folder: Path

    def report(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """What it found, by category."""
        file = self.folder / "report.json"
        command = [str(self.programs / "spid_sp_test"), *arguments, "-rf", "json", "-o", str(file), "-d", "CRITICAL"]
        environment = {**os.environ, "PYTHONPATH": str(PEERS / "spid")}
        done = subprocess.run(
            [*command, "--exit-zero"], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, dict[str, Any]] = json.loads(file.read_text())["test"]["sp"]
        return found

    def templates(self) -> str:
        """Its templates of answers, without the white space that they have around the name of the person.

        We refuse that: readers differ in whether it belongs to the name.
        """
        [theirs] = self.programs.parent.glob("lib/*/site-packages/spid_sp_test/responses/templates")
        ours = self.folder / "templates"
        ours.mkdir()
        for file in theirs.iterdir():
            (ours / file.name).write_text(re.sub(r">\s*{{\s*NameID\s*}}\s*<", ">{{NameID}}<", file.read_text()))
        return f"{ours}/"

    def key(self) -> rsa.RSAPrivateKey:
        """With which it signs as identity provider."""
        [file] = self.programs.parent.glob("lib/*/site-packages/spid_sp_test/idp/private.key")
        key = load_pem_private_key(file.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key


@pytest.fixture(scope="module")
def tester(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program("xmlsec1")
    return Program(environment_of("spid"), tmp_path_factory.mktemp("spid"))


def _renewed(key: rsa.RSAPrivateKey) -> Pair:
    """The tester's key, under a certificate that is in force: its own ended in March 2025."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spid-sp-test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return Pair(key, builder.sign(key, hashes.SHA256()))


@pytest.fixture(scope="module")
def service(tester: Program) -> Iterator[Sandbox]:
    """Our service, which trusts the tester as identity provider."""
    folder = tester.folder
    metadata, providers = folder / "idp.xml", folder / "providers.toml"
    root = identity_provider_metadata(ENTITY, f"{ENTITY}/samlsso", _renewed(tester.key()))
    metadata.write_bytes(etree.tostring(root))
    providers.write_text(PROVIDER.replace("METADATA", str(metadata)), encoding="utf-8")
    with sandbox(folder, f"sqlite:///{folder / 'procura.db'}", 1) as country:
        environment = {**country.environment, "PROCURA_LOGIN_PROVIDERS": str(providers)}
        running = Service(environment, folder / "service.log")
        try:
            running.start()
            yield country
        finally:
            if running.running():
                running.kill()


def judged(report: dict[str, dict[str, Any]], category: str) -> tuple[int, set[str]]:
    """How many of its tests passed, and what it says of those that did not."""
    found = [one for checks in report[category].values() for one in checks]
    return sum(one["result"] == "success" for one in found), {
        one["test"] for one in found if one["result"] != "success"
    }


def unexcused(said: set[str], excuses: Iterable[str]) -> set[str]:
    """What it says that no excuse begins with; every excuse stands in our README, and is needed."""
    readme = README.read_text(encoding="utf-8")
    left = set(said)
    for excuse in excuses:
        assert excuse in readme, f"the README does not justify: {excuse}"
        matching = {one for one in said if excuse in one}
        assert matching, f"it no longer says: {excuse}"
        left -= matching
    return left


OF_EVERY_REQUEST = (
    "The NameQualifier attribute MUST",
    "The AttributeConsumingServiceIndex attribute MUST be present",
)
OF_EVERY_METADATA = ("MUST have at least an it language enabled",)
OF_EIDAS_METADATA = (
    "The NameIDFormat MUST be",
    "One or more SingleLogoutService elements MUST be present",
    "One or more AttributeConsumingService elements MUST be present",
    "ContactPerson[@contactType='other']",
)
OF_EIDAS_REQUESTS = (
    "The IsPassive attribute MUST not be present",
    "The Format attribute MUST be",
    "The AllowCreate attribute MUST not be present",
    "The AuthnContextClassRef element MUST have a valid SPID level",
)
OF_ANSWERS = ("Test [46]", "Test [49]", "Test [71]")


def test_what_it_says_of_a_provider_by_saml_is_good_or_justified(tester: Program, service: Sandbox) -> None:
    place = f"{service.base_url}/sign-in/saml/spid"
    login = ["--authn-url", f"{place}/start", "-ap", "procura_login.ProcuraLogin"]
    report = tester.report("--metadata-url", f"{place}/metadata", *login, "-pr", "saml2-sp")
    passed, said = judged(report, "metadata_strict")
    assert unexcused(said, [*OF_EVERY_METADATA, "attribute in RequestedAttribute element MUST be valid"]) == set()
    assert passed >= 60
    passed, said = judged(report, "authnrequest_strict")
    assert unexcused(said, OF_EVERY_REQUEST) == set()
    assert passed >= 40


def test_what_it_says_of_an_eidas_connector_is_good_or_justified(tester: Program, tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"node": {"signature": "rsa-sha256", "contact": "access@example.be"}})
    node = identity_provider_metadata(NODE_ENTITY, f"{ENTITY}/samlsso", p.NODE)
    (tmp_path / "node.xml").write_bytes(etree.tostring(signed(node, METADATA_SIGNER)))
    (tmp_path / "ours.xml").write_bytes(scene.get("/sign-in/eidas/node/metadata").get_data())
    leave = scene.post("/sign-in/eidas/node/country", country="NL", whom="enterprise")
    (tmp_path / "leave.html").write_text(leave.text)
    files = ["--metadata-url", f"file://{tmp_path}/ours.xml", "--authn-url", f"file://{tmp_path}/leave.html"]
    report = tester.report(*files, "-pr", "ficep-eidas-sp")
    passed, said = judged(report, "metadata_strict")
    assert unexcused(said, [*OF_EVERY_METADATA, *OF_EIDAS_METADATA]) == set()
    assert passed >= 35
    passed, said = judged(report, "authnrequest_strict")
    assert unexcused(said, [*OF_EVERY_REQUEST, *OF_EIDAS_REQUESTS]) == set()
    assert passed >= 30


@pytest.mark.attack("S01", "S02", "S03", "S05", "S09")
def test_its_good_answers_are_taken_and_its_bad_ones_refused_or_justified(tester: Program, service: Sandbox) -> None:
    place = f"{service.base_url}/sign-in/saml/spid"
    login = ["--authn-url", f"{place}/start", "-ap", "procura_login.ProcuraAnswers", "-tr", "-tp", tester.templates()]
    report = tester.report("--metadata-url", f"{place}/metadata", *login, "-pr", "saml2-sp")
    passed, said = judged(report, "response")
    assert unexcused(said, OF_ANSWERS) == set()
    assert passed == 111 - len(OF_ANSWERS)
