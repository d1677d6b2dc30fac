"""Settings of a provider are read strictly, and every fault is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.settings import UnsafeSettings
from saml.provider_settings import registration

EIDAS: dict[str, Any] = {"metadata": "/m.xml", "metadata_certificates": "/c.pem", "countries": ["NL"]}
FAS: dict[str, Any] = {"metadata": "/m.xml"}


def provider(kind: ProviderKind, settings: dict[str, Any], levels: dict[str, Assurance] | None = None) -> LoginProvider:
    """A provider with these settings."""
    return LoginProvider(
        id="p",
        kind=kind,
        key=LoginKey.EIDAS,
        enabled=True,
        highest=Assurance.HIGH,
        levels={"x": Assurance.LOW} if levels is None else levels,
        labels={},
        settings=settings,
    )


def test_an_eidas_node_is_asked_and_believed_as_the_profile_wants_it() -> None:
    told = registration(provider(ProviderKind.EIDAS, EIDAS))
    assert told.metadata == Path("/m.xml")
    assert (told.binding, told.sector, told.smallest_rsa) == ("post", "public", 3072)
    assert told.signature.endswith("#sha256-rsa-MGF1")
    assert told.demands.message_signed and told.demands.assertion_signed and told.demands.encrypted


def test_the_federal_service_may_demand_less() -> None:
    told = registration(provider(ProviderKind.SAML, {**FAS, "encrypted": False, "message_signed": False}))
    assert told.demands.assertion_signed
    assert told.metadata_certificates is None
    assert told.attributes["number"] == "egovNRN"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (ProviderKind.EIDAS, {**EIDAS, "metadata_certificates": ""}),
        (ProviderKind.EIDAS, {key: EIDAS[key] for key in ("metadata", "countries")}),
        (ProviderKind.EIDAS, {**EIDAS, "countries": []}),
        (ProviderKind.EIDAS, {**EIDAS, "countries": ["nl"]}),
        (ProviderKind.EIDAS, {**EIDAS, "not_notified": ["DE"]}),
        (ProviderKind.EIDAS, {**EIDAS, "encrypted": False}),
        (ProviderKind.EIDAS, {**EIDAS, "binding": "redirect"}),
        (ProviderKind.EIDAS, {**EIDAS, "smallest_rsa": 2048}),
        (ProviderKind.EIDAS, {**EIDAS, "sector": "both"}),
        (ProviderKind.EIDAS, {**EIDAS, "enterprises": "yes"}),
        (ProviderKind.SAML, {}),
        (ProviderKind.SAML, {**FAS, "metadata": 1}),
        (ProviderKind.SAML, {**FAS, "signature": "rsa-sha1"}),
        (ProviderKind.SAML, {**FAS, "smallest_rsa": 1024}),
        (ProviderKind.SAML, {**FAS, "smallest_rsa": True}),
        (ProviderKind.SAML, {**FAS, "assertion_signed": False}),
        (ProviderKind.SAML, {**FAS, "encrypted": False, "assertion_signed": False, "message_signed": False}),
        (ProviderKind.SAML, {**FAS, "countries": ["NL"]}),
        (ProviderKind.SAML, {**FAS, "attributes": {"nmber": "x"}}),
        (ProviderKind.SAML, {**FAS, "want_signed": True}),
    ],
)
def test_what_is_missing_unknown_or_too_weak_is_refused_by_name(kind: ProviderKind, settings: dict[str, Any]) -> None:
    with pytest.raises(UnsafeSettings, match=r"^PROCURA_LOGIN_PROVIDERS: p: "):
        registration(provider(kind, settings))


def test_a_provider_without_levels_is_refused() -> None:
    with pytest.raises(UnsafeSettings, match="levels"):
        registration(provider(ProviderKind.SAML, FAS, {}))
