"""Debian's libapache2-mod-auth-openidc under the older profile: Apache lets in who logged in here, PKCE and all."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey

from tests.engines import program
from tests.peers.a_person import Person
from tests.peers.conftest import client_of
from tests.peers.test_openid_client_with_people import DECLARE, enterprise

MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "status", "auth_openidc")
SECONDS = 20
CONFIGURATION = """
ServerName localhost
Listen {address}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel auth_openidc:debug
Mutex sem default
{modules}
{user}
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCPublicKeyFiles {kid}#{folder}/public.pem
OIDCPrivateKeyFiles {kid}#{folder}/key.pem
OIDCProviderTokenEndpointAuth private_key_jwt
OIDCClientID {client_id}
OIDCRedirectURI {redirect_uri}
OIDCScope "openid profile {scope}"
OIDCPKCEMethod S256
OIDCAuthRequestParams prompt=consent
OIDCIDTokenSignedResponseAlg ES256
OIDCCryptoPassphrase of-this-test-alone
<Location />
  AuthType openid-connect
  Require valid-user
  SetHandler server-status
  Header set Told-Subject "%{{OIDC_CLAIM_sub}}e"
  Header set Told-Name "%{{OIDC_CLAIM_family_name}}e"
  Header set Told-Level "%{{OIDC_CLAIM_acr}}e"
</Location>
"""


@pytest.fixture
def apache(sandbox: dict[str, Any], declared_address: str, tmp_path: Path) -> Iterator[str]:
    """The address of a web server that lets in only who logged in to its service."""
    apache2 = program("apache2")
    if not (MODULES / "mod_auth_openidc.so").exists():
        program("libapache2-mod-auth-openidc")
    chosen = client_of(sandbox, "dimona_older")
    _write_keys(RSAKey.import_key(chosen["private_jwk"]), tmp_path)
    configuration = tmp_path / "apache.conf"
    configuration.write_text(
        CONFIGURATION.format(
            address=urlsplit(declared_address).netloc,
            folder=tmp_path,
            modules="\n".join(f"LoadModule {one}_module {MODULES}/mod_{one}.so" for one in LOADED),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            issuer=sandbox["base_url"],
            kid=chosen["private_jwk"]["kid"],
            client_id=chosen["client_id"],
            redirect_uri=declared_address,
            scope=DECLARE,
        )
    )
    server = subprocess.Popen([apache2, "-f", configuration, "-D", "FOREGROUND"], start_new_session=True)
    try:
        _await(declared_address, server, tmp_path / "error.log")
        yield declared_address.removesuffix("/callback")
    finally:
        server.terminate()
        server.wait(SECONDS)


def _write_keys(key: RSAKey, folder: Path) -> None:
    """The key, and its public part, without which the module ends when it signs."""
    (folder / "public.pem").write_bytes(key.as_pem(private=False))
    (folder / "key.pem").write_bytes(key.as_pem(private=True))


def _await(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            requests.get(address, timeout=SECONDS, allow_redirects=False)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Apache does not answer: {log.read_text() if log.exists() else 'no log'}")


def test_a_person_who_logs_in_is_let_into_an_apache_web_site(
    sandbox: dict[str, Any], apache: str, declared_address: str, tmp_path: Path
) -> None:
    person = Person("ugo", enterprise(sandbox, "brewery"))
    back = person.visit(f"{apache}/page", declared_address)
    page = person.session.get(back, timeout=SECONDS)
    assert page.status_code == 200, (tmp_path / "error.log").read_text()[-3000:]
    assert page.headers["Told-Name"] == "Fabel" and len(page.headers["Told-Subject"]) > 20
    assert page.headers["Told-Level"].startswith("http://eidas.europa.eu/LoA/")
    assert person.session.get(f"{apache}/other", timeout=SECONDS).status_code == 200


def test_who_declines_is_not_let_in(sandbox: dict[str, Any], apache: str, declared_address: str) -> None:
    person = Person("ugo", enterprise(sandbox, "brewery"), answer="deny")
    back = person.visit(f"{apache}/page", declared_address)
    assert "error=access_denied" in back
    assert "Told-Subject" not in person.session.get(back, timeout=SECONDS).headers


def test_an_answer_that_another_browser_asked_for_lets_nobody_in(
    sandbox: dict[str, Any], apache: str, declared_address: str
) -> None:
    person = Person("ugo", enterprise(sandbox, "brewery"))
    back = person.visit(f"{apache}/page", declared_address)
    other = requests.get(back, timeout=SECONDS, allow_redirects=False)
    assert "Told-Subject" not in other.headers or other.headers["Told-Subject"] == "(null)"
