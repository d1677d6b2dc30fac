"""Our own SAML keys: sealed in the chest, with the certificates by which identity providers know them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.errors import Conflict
from iam.domain.keys import SealedKey
from iam.ports import Archive, Clock, KeyChest, Seal, UnitOfWork
from saml.decryption import DecryptionKey

USES: Final = ("saml-signing-rsa", "saml-signing-ec", "saml-decryption-rsa", "saml-decryption-ec")
CERTIFICATE_LIFE: Final = timedelta(days=3 * 365)
NOTICE: Final = timedelta(days=30)
"""How long a new key stands in our metadata before its first use, and an old one still decrypts after its last."""
_RSA_BITS: Final = 3072


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """One of our keys with its certificate and the instants of its life."""

    use: str
    key: DecryptionKey = field(repr=False)
    certificate: x509.Certificate
    published_at: datetime
    active_from: datetime
    retired_at: datetime | None = None
    removed_after: datetime | None = None

    @property
    def kid(self) -> str:
        """SHA-256 (hexadecimal) of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def pem(self) -> bytes:
        """The private key, for xmlsec."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def removed(self, now: datetime) -> bool:
        """Whether its life is over."""
        return self.removed_after is not None and now >= self.removed_after


class SamlKeys:
    """The keys that identity providers know us by, made when first needed."""

    def __init__(self, archive: Archive, chest: KeyChest, seal: Seal, clock: Clock, name: str) -> None:
        """`name` stands in the certificates: the host under which we are known."""
        self._archive = archive
        self._chest = chest
        self._seal = seal
        self._clock = clock
        self._name = name
        self._opened: dict[str, OwnKey] = {}

    def signing(self, kind: str) -> OwnKey:
        """The key that signs now, `rsa` or `ec`."""
        return self._current(f"saml-signing-{kind}")

    def decrypting(self) -> Sequence[DecryptionKey]:
        """Every key for which somebody may have encrypted."""
        now = self._clock.now()
        return [each.key for each in self._kept() if "decryption" in each.use and not each.removed(now)]

    def published(self, use: str) -> Sequence[x509.Certificate]:
        """The certificates that our metadata shows: for signatures every key in its life, else the newest alone.

        Nobody is to encrypt for a key that is leaving; a new one decrypts from the moment it is shown.
        """
        self._current(use)
        now = self._clock.now()
        shown = [each for each in self._kept() if each.use == use and not each.removed(now)]
        newest = max(shown, key=lambda each: each.published_at)
        return [each.certificate for each in shown] if "signing" in use else [newest.certificate]

    def rotate(self, use: str) -> OwnKey:
        """Publish a successor of one of `USES`; it takes over after `NOTICE`. Conflict while another one waits."""
        self._current(use)
        successor = self._made(use, self._clock.now(), NOTICE)
        with self._archive.writing() as uow:
            keys = self._kept()
            if any(each.use == use and each.active_from > uow.now for each in keys):
                raise Conflict("rotation_under_way", "A new key of this kind waits for its first use already.")
            retired = [_retired(each, use, successor.active_from) for each in keys if not each.removed(uow.now)]
            self._keep(uow, [*retired, successor], successor)
        return successor

    def _current(self, use: str) -> OwnKey:
        now = self._clock.now()
        active = [each for each in self._kept() if each.use == use and each.active_from <= now]
        return max(active, key=lambda each: each.active_from) if active else self._first(use, now)

    def _first(self, use: str, now: datetime) -> OwnKey:
        made = self._made(use, now, timedelta())
        with self._archive.writing() as uow:
            keys = self._kept()
            there = [each for each in keys if each.use == use]
            if there:
                return there[0]
            self._keep(uow, [*keys, made], made)
        return made

    def _kept(self) -> list[OwnKey]:
        return [self._open(each) for each in self._chest.sealed_keys() if each.algorithm in USES]

    def _keep(self, uow: UnitOfWork, keys: Sequence[OwnKey], new: OwnKey) -> None:
        others = [each for each in self._chest.sealed_keys() if each.algorithm not in USES]
        self._chest.keep(uow, [*others, *(self._sealed(each) for each in keys)])
        objects = {"kid": new.kid, "algorithm": new.use}
        uow.audit(Leaf(act="saml_key_published", actor=SERVER_OPERATOR, caller="", objects=objects))
        uow.commit()

    def _sealed(self, key: OwnKey) -> SealedKey:
        certificate = key.certificate.public_bytes(serialization.Encoding.PEM)
        content = json.dumps({"key": key.pem.decode(), "certificate": certificate.decode()})
        return SealedKey(
            kid=key.kid,
            algorithm=key.use,
            blob=self._seal.seal(f"{key.use}:{key.kid}", content.encode()),
            published_at=key.published_at,
            active_from=key.active_from,
            retired_at=key.retired_at,
            removed_after=key.removed_after,
        )

    def _open(self, sealed: SealedKey) -> OwnKey:
        known = self._opened.get(sealed.kid)
        if known is None or known.retired_at != sealed.retired_at:
            known = self._opened[sealed.kid] = self._unsealed(sealed)
        return known

    def _unsealed(self, sealed: SealedKey) -> OwnKey:
        content = json.loads(self._seal.unseal(f"{sealed.algorithm}:{sealed.kid}", sealed.blob))
        key = serialization.load_pem_private_key(content["key"].encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("a SAML key is RSA or on an elliptic curve")
        return OwnKey(
            use=sealed.algorithm,
            key=key,
            certificate=x509.load_pem_x509_certificate(content["certificate"].encode()),
            published_at=sealed.published_at,
            active_from=sealed.active_from,
            retired_at=sealed.retired_at,
            removed_after=sealed.removed_after,
        )

    def _made(self, use: str, now: datetime, notice: timedelta) -> OwnKey:
        key = rsa.generate_private_key(65537, _RSA_BITS) if use.endswith("rsa") else _on_p256()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self._name} {use}"[:64])])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + CERTIFICATE_LIFE)
            .sign(key, hashes.SHA256())
        )
        return OwnKey(use=use, key=key, certificate=certificate, published_at=now, active_from=now + notice)


def _on_p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _retired(key: OwnKey, use: str, at: datetime) -> OwnKey:
    if key.use != use or key.retired_at is not None:
        return key
    return replace(key, retired_at=at, removed_after=at + NOTICE)
