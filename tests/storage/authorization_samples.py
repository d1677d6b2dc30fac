"""Samples of what the authorization server keeps: grants, requests, software, devices, log-out notices and signals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization_grants import (
    AuthorizationCode,
    AuthorizationGrant,
    AuthorizationRequest,
    Consent,
    RefreshToken,
)
from iam.domain.client_metadata import ApplicationType, AuthMethod, ClientMetadata, GrantType
from iam.domain.client_registrations import (
    ClientContact,
    RegistrationAccess,
    RegistrationToken,
    RequestState,
    SoftwareRequest,
)
from iam.domain.clients import ClientKind, Profile
from iam.domain.device_authorizations import DeviceAuthorization
from iam.domain.enterprises import Capacity
from iam.domain.logout_notices import LogoutNotice, WatchedLogin
from iam.domain.signal_streams import (
    DeliveryMethod,
    RemovedSubject,
    SignalStream,
    StreamCourse,
    StreamStatus,
    WaitingSignal,
)
from tests.storage.clocks import START
from tests.storage.records import EMPLOYER

LATER = START + timedelta(minutes=10)
SCOPES = ("openid", "scope:dimona:declaration:declare")

GRANTS: list[Any] = [
    AuthorizationGrant(
        id="ag1",
        client="k1",
        person="p1",
        login="l1",
        enterprise=EMPLOYER,
        capacity=Capacity.EMPLOYER,
        mandator=None,
        service="dimona",
        scopes=SCOPES,
        key=LoginKey.ITSME,
        assurance=Assurance.HIGH,
        authenticated_at=START,
        source="itsme",
        reference="r1",
        personal="sealed",
        claims='{"userinfo":{"name":null}}',
        binding="jkt:x",
        granted_at=START,
        expires_at=LATER,
        revoked_at=LATER,
    ),
    AuthorizationCode(
        id="ac1",
        grant="ag1",
        redirect_uri="https://portal.example/callback",
        challenge="c" * 43,
        key_thumbprint="",
        nonce="n-é",
        good_until=LATER,
        expires_at=LATER,
        used_at=START,
    ),
    AuthorizationRequest(
        id="ar1", client="k1", parameters='{"state":"s"}', key_thumbprint="t", presented_at=None, expires_at=LATER
    ),
    RefreshToken(id="rt1", grant="ag1", expires_at=LATER, used_at=None),
    Consent(
        id="co1",
        person="p1",
        client="k1",
        enterprise=None,
        capacity=None,
        mandator=None,
        scopes=SCOPES,
        given_at=START,
    ),
    DeviceAuthorization(
        id="da1",
        user_code="BCDFGHJK",
        client="k1",
        scopes=SCOPES,
        key_thumbprint="",
        interval=5,
        good_until=LATER,
        expires_at=LATER,
        polled_at=START,
        grant="ag1",
    ),
]

SOFTWARE: list[Any] = [
    ClientMetadata(
        client="k1",
        application_type=ApplicationType.NATIVE,
        auth_method=AuthMethod.NONE,
        grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
        redirect_uris=("http://127.0.0.1/callback", "be.example:/back"),
        scopes=SCOPES,
        default_max_age=600,
        vendor=True,
    ),
    ClientContact(client="k1", emails=("een@example.be", "twee@example.be")),
    RegistrationToken(
        id="ri1",
        enterprise=EMPLOYER,
        capacity=Capacity.EMPLOYER,
        kind=ClientKind.DECLARATION_SERVICE,
        profile=Profile.OLDER,
        profile_until=LATER,
        services=("dimona",),
        niss_services=(),
        client_until=None,
        uses=3,
        given_by="a1",
        given_at=START,
        expires_at=LATER,
    ),
    RegistrationAccess(client="k1", token_hash="h" * 64, issued_at=START),
    SoftwareRequest(
        id="sr1",
        vendor="k1",
        enterprise=EMPLOYER,
        capacity=Capacity.EMPLOYER,
        label="Loon & Co",
        scopes=SCOPES,
        jwks='{"keys":[]}',
        jwks_uri="",
        algorithm="ES256",
        code_hash="h" * 64,
        state=RequestState.WAITING,
        asked_at=START,
        expires_at=LATER,
    ),
]

TOLD: list[Any] = [
    LogoutNotice(id="ln1", client="k1", person="p1", sid="s1", tries=2, expires_at=LATER),
    WatchedLogin(id="wl1", login="l1"),
    SignalStream(
        id="st1",
        client="k1",
        method=DeliveryMethod.PUSH,
        endpoint_url="https://service.example/signals",
        sealed_header="sealed",
        events_requested=("https://schemas.openid.net/secevent/caep/event-type/session-revoked",),
        description="Dimona",
        status=StreamStatus.PAUSED,
        reason="maintenance",
        created_at=START,
        verified_at=LATER,
    ),
    StreamCourse(id="st1", last=7, waiting=2, due_at=LATER, tries=1, failing_since=START, holder=""),
    RemovedSubject(id="rs1", stream="st1", subject='{"format":"opaque","id":"x"}'),
    WaitingSignal(
        id="ws1",
        stream="st1",
        services=("dimona",),
        claims='{"jti":"x"}',
        issued_at=START,
        expires_at=LATER,
    ),
]

AUTHORIZATION_SAMPLES = [*GRANTS, *SOFTWARE, *TOLD]
