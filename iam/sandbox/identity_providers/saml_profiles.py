"""What tells the sandbox's two SAML identity providers apart: the eIDAS node, and the federal service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iam.domain.assurance import Assurance, LoginKey
from iam.sandbox.identity_providers.saml_foreigners import COUNTRIES

_LOA: Final = "http://eidas.europa.eu/LoA/"
_FAS: Final = "urn:be:fedict:iam:fas:citizen:Level"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlProfile:
    """One of the providers."""

    id: str
    """As the sandbox's configuration names it."""
    kind: str
    key: LoginKey
    path: str
    labels: Mapping[str, str]
    levels: Mapping[str, Assurance]
    """Its names for levels, the strongest first, and what the sandbox's configuration makes of them."""
    settings: str
    """More settings, in TOML."""
    ends_sessions: bool = False
    """Whether it takes part in log-outs: no eIDAS node does."""

    @property
    def label(self) -> str:
        """As its page calls it."""
        return self.labels["en"]

    def acs(self, client_url: str) -> str:
        """Where the service takes its answers."""
        return f"{client_url}/sign-in/{self.kind}/{self.id}/acs"


EIDAS: Final = SamlProfile(
    id="eidas",
    kind="eidas",
    key=LoginKey.EIDAS,
    path="/eidas-node",
    labels={
        "nl": "Europese sleutel (eIDAS)",
        "fr": "Clé européenne (eIDAS)",
        "de": "Europäischer Schlüssel (eIDAS)",
        "en": "European key (eIDAS)",
    },
    levels={
        f"{_LOA}high": Assurance.HIGH,
        f"{_LOA}substantial": Assurance.SUBSTANTIAL,
        f"{_LOA}low": Assurance.LOW,
    },
    settings=f"countries = {list(COUNTRIES)}\nenterprises = true",
)
FEDERAL: Final = SamlProfile(
    id="fas-saml",
    kind="saml",
    key=LoginKey.FAS,
    path="/fas/saml",
    labels=dict.fromkeys(("nl", "fr", "de", "en"), "FAS (SAML)"),
    levels={
        f"{_FAS}500": Assurance.HIGH,
        f"{_FAS}400": Assurance.SUBSTANTIAL,
        f"{_FAS}200": Assurance.LOW,
    },
    settings='signature = "rsa-sha256"',
    ends_sessions=True,
)
SAML_PROFILES: Final = (EIDAS, FEDERAL)


def configuration(profile: SamlProfile, metadata: str, certificates: str) -> str:
    """A provider as PROCURA_LOGIN_PROVIDERS describes it, in TOML; the files' paths are given."""
    levels = "\n".join(f'"{told}" = "{level.label}"' for told, level in profile.levels.items())
    labels = ", ".join(f'{language} = "{text}"' for language, text in profile.labels.items())
    return "\n".join(
        [
            f'[providers.{profile.id}]\nkind = "{profile.kind}"\nkey = "{profile.key.value}"\nhighest = "high"',
            f"labels = {{ {labels} }}",
            f"[providers.{profile.id}.levels]\n{levels}",
            f"[providers.{profile.id}.settings]\nmetadata = '{metadata}'\nmetadata_certificates = '{certificates}'",
            f"{profile.settings}\n",
        ]
    )
