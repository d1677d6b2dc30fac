"""How we are registered at an OpenID Provider: the settings of a login provider of kind `oidc`, read strictly."""

# [providers.itsme.settings]           all that a provider may need; what has a default may be left out
# issuer = "https://idp.prd.itsme.services/v2"
# client_id = "…"
# scopes = ["openid", "service:…", "profile"]          default ["openid", "profile"]
# requested_claims = ["…"]             claims asked by name in the `claims` parameter (OpenID Connect Core §5.5)
# origins = ["https://…"]              origins of its endpoints, where not that of the issuer alone
# authentication = "private_key_jwt"   or client_secret_basic, with client_secret_file
# signing_algorithm = "RS256"          with which we sign: RS256, PS256 or ES256
# assertion_audience = "token_endpoint"   or issuer
# token_algorithm = "RS256"            with which it signs: RS256, PS256 or ES256
# encryptions = ["A128CBC-HS256"]      content encryptions of ID token and userinfo; empty where they are only signed
# userinfo = true                      whether the userinfo endpoint is asked
# level_claim = "acr"                  where the level stands
# again = "both"                       prompt, max_age or both: how it is asked to recognise the person anew
# auth_time = "told"                   or "issued": it recognises the person anew each time and does not say when
# [providers.itsme.settings.claims]    names of claims: number, issuing_country, family_name, given_name, born
# [providers.fas.settings.keys]        which login key a value of `amr` means: eid = "eid"

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from iam.domain.assurance import LoginKey
from iam.domain.errors import InvalidInput
from iam.domain.login_providers import LoginProvider
from iam.settings import is_loopback
from oidc.encrypted_tokens import CONTENT_ENCRYPTIONS
from oidc.relying_party.settings_reader import SettingsReader

PRIVATE_KEY_JWT: Final = "private_key_jwt"
CLIENT_SECRET_BASIC: Final = "client_secret_basic"  # noqa: S105 - the name of a method
_NAMES: Final = {
    "number": "egovNRN",
    "issuing_country": "",
    "family_name": "family_name",
    "given_name": "given_name",
    "born": "birthdate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimNames:
    """Under which names a provider tells of a person; empty for what it does not tell."""

    number: str
    """The Belgian number."""
    issuing_country: str
    """The country that issued the document behind the key; where it is not told the key is Belgian if a number is."""
    family_name: str
    given_name: str
    born: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One provider's settings, judged."""

    provider: str
    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    requested_claims: tuple[str, ...]
    origins: frozenset[str]
    authentication: str
    client_secret: str = field(repr=False)
    signing_algorithm: str
    assertion_audience: str
    token_algorithm: str
    encryptions: frozenset[str]
    userinfo: bool
    level_claim: str
    again: str
    auth_time: str
    claims: ClaimNames
    keys: tuple[tuple[str, LoginKey], ...]

    @property
    def encrypted(self) -> bool:
        """Whether its tokens are encrypted for us."""
        return bool(self.encryptions)


def read_registration(provider: LoginProvider, *, production: bool) -> Registration:
    """Read a provider's settings. UnsafeSettings: each problem, naming the provider and the setting."""
    reader = SettingsReader(provider.id, provider.settings)
    issuer = reader.text("issuer")
    claims = reader.table("claims", _NAMES)
    registration = Registration(
        provider=provider.id,
        issuer=issuer,
        client_id=reader.text("client_id"),
        scopes=reader.texts("scopes", ("openid", "profile")),
        requested_claims=reader.texts("requested_claims", ()),
        origins=frozenset(reader.texts("origins", (_origin(issuer),))),
        authentication=reader.choice("authentication", (PRIVATE_KEY_JWT, CLIENT_SECRET_BASIC)),
        client_secret=_secret(reader),
        signing_algorithm=reader.choice("signing_algorithm", ("RS256", "PS256", "ES256")),
        assertion_audience=reader.choice("assertion_audience", ("token_endpoint", "issuer")),
        token_algorithm=reader.choice("token_algorithm", ("RS256", "PS256", "ES256")),
        encryptions=frozenset(reader.texts("encryptions", ())),
        userinfo=reader.flag("userinfo", default=True),
        level_claim=reader.text("level_claim", "acr"),
        again=reader.choice("again", ("both", "prompt", "max_age")),
        auth_time=reader.choice("auth_time", ("told", "issued")),
        claims=ClaimNames(**claims),
        keys=_keys(reader),
    )
    reader.problems += _problems(registration, production)
    reader.finish()
    return registration


def _secret(reader: SettingsReader) -> str:
    path = reader.text("client_secret_file", "")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reader.problems.append(f"client_secret_file cannot be read: {type(error).__name__}")
        return ""


def _keys(reader: SettingsReader) -> tuple[tuple[str, LoginKey], ...]:
    try:
        return tuple((told, LoginKey.parse(key)) for told, key in reader.table("keys", None).items())
    except InvalidInput as refusal:
        reader.problems.append(f"keys: {refusal.detail}")
        return ()


def _problems(registration: Registration, production: bool) -> list[str]:
    problems = []
    urls = {"issuer": registration.issuer, **{f"origins: {one}": one for one in registration.origins}}
    for name, url in urls.items():
        if not _is_plain(url) or (not url.startswith("https://") and not is_loopback(url)):
            problems.append(f"{name} must be an https URL of host, perhaps port and path")
        elif production and (is_loopback(url) or not url.startswith("https://")):
            problems.append(f"{name} is this machine, as the sandbox's own providers are")
    if any(_origin(one) != one for one in registration.origins):
        problems.append("origins must be written https://host[:port], in lower case")
    if "openid" not in registration.scopes:
        problems.append("scopes must hold openid")
    if not registration.encryptions <= set(CONTENT_ENCRYPTIONS):
        problems.append(f"encryptions are of {', '.join(CONTENT_ENCRYPTIONS)}")
    if (registration.authentication == CLIENT_SECRET_BASIC) != bool(registration.client_secret):
        problems.append("client_secret_file goes with authentication client_secret_basic, and only with it")
    return problems


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and url.isascii() and url.isprintable() and set(url).isdisjoint("?#@\\ ")


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()
