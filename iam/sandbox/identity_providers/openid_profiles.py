"""What tells the sandbox's three OpenID Providers apart: addresses, levels, names of claims, configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iam.domain.assurance import Assurance, LoginKey

ITSME_CLAIMS: Final = "http://itsme.services/v2/claim/"
FAS_LEVELS: Final = "urn:be:fedict:iam:fas:Level"
ENCRYPTION: Final = "A128CBC-HS256"
CLIENT_ID: Final = "procura-sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProfile:
    """One of the providers."""

    id: str
    label: str
    path: str
    """Of its issuer, below the server's address."""
    key: LoginKey
    levels: Mapping[str, Assurance]
    """Its names for levels, the strongest first, and what the sandbox's configuration makes of them."""
    keys: Mapping[str, str]
    """Values of `amr` that it tells by level, and the login keys that they stand for."""
    encrypted: bool
    scopes: tuple[str, ...]
    number: str
    """The claims' names; empty for one that it does not tell."""
    country: str
    family_name: str
    given_name: str
    born: str

    def claim_names(self) -> dict[str, str]:
        """The claims' names as the settings say them."""
        return {
            "number": self.number,
            "issuing_country": self.country,
            "family_name": self.family_name,
            "given_name": self.given_name,
            "born": self.born,
        }


ITSME: Final = OpenIdProfile(
    id="itsme",
    label="itsme®",
    path="/itsme/v2",
    key=LoginKey.ITSME,
    levels={
        f"{ITSME_CLAIMS}acr_advanced": Assurance.HIGH,
        f"{ITSME_CLAIMS}acr_basic": Assurance.SUBSTANTIAL,
    },
    keys={},
    encrypted=True,
    scopes=("openid", "service:PROCURA_LOGIN", "profile"),
    number=f"{ITSME_CLAIMS}BENationalNumber",
    country=f"{ITSME_CLAIMS}IDIssuingCountry",
    family_name="family_name",
    given_name="given_name",
    born="birthdate",
)
_FAS_NAMES: Final = {
    "number": "egovNRN",
    "country": "",
    "family_name": "surname",
    "given_name": "givenName",
    "born": "",
}
MYGOV: Final = OpenIdProfile(
    id="mygov",
    label="MyGov.be",
    path="/mygov",
    key=LoginKey.MYGOV,
    levels={f"{FAS_LEVELS}500": Assurance.HIGH, f"{FAS_LEVELS}450": Assurance.SUBSTANTIAL},
    keys={},
    encrypted=False,
    scopes=("openid", "profile", "egovnrn"),
    **_FAS_NAMES,
)
FAS: Final = OpenIdProfile(
    id="fas",
    label="FAS",
    path="/fas/oauth2",
    key=LoginKey.FAS,
    levels={
        f"{FAS_LEVELS}500": Assurance.HIGH,
        f"{FAS_LEVELS}450": Assurance.HIGH,
        f"{FAS_LEVELS}400": Assurance.SUBSTANTIAL,
        f"{FAS_LEVELS}350": Assurance.SUBSTANTIAL,
        f"{FAS_LEVELS}200": Assurance.LOW,
    },
    keys={"eid": "eid", "bmid": "itsme", "totp": "totp", "sms": "sms_code"},
    encrypted=False,
    scopes=("openid", "profile", "egovnrn"),
    **_FAS_NAMES,
)
PROFILES: Final = (ITSME, MYGOV, FAS)
METHODS: Final = {"500": "eid", "450": "bmid", "400": "totp", "350": "sms"}
"""The `amr` of each of the federal service's levels, by how the level's name ends."""


def configuration(profile: OpenIdProfile, issuer: str) -> str:
    """A provider as PROCURA_LOGIN_PROVIDERS describes it, in TOML."""
    levels = "\n".join(f'"{told}" = "{level.label}"' for told, level in profile.levels.items())
    claims = "\n".join(f'{name} = "{told}"' for name, told in profile.claim_names().items())
    keys = "\n".join(f'{told} = "{key}"' for told, key in profile.keys.items())
    scopes = ", ".join(f'"{scope}"' for scope in profile.scopes)
    head = f"[providers.{profile.id}]"
    labels = ", ".join(f'{language} = "{profile.label}"' for language in ("nl", "fr", "de", "en"))
    return "\n".join(
        [
            f'{head}\nkind = "oidc"\nkey = "{profile.key.value}"\nhighest = "high"\nlabels = {{ {labels} }}',
            f"[providers.{profile.id}.levels]\n{levels}",
            f'[providers.{profile.id}.settings]\nissuer = "{issuer}"\nclient_id = "{CLIENT_ID}"\nscopes = [{scopes}]',
            f'encryptions = ["{ENCRYPTION}"]' if profile.encrypted else "encryptions = []",
            f"[providers.{profile.id}.settings.claims]\n{claims}",
            f"[providers.{profile.id}.settings.keys]\n{keys}\n",
        ]
    )
