"""Password hashing with Argon2id (RFC 9106), with its parameters in one place."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

PASSES: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4
"""RFC 9106 §4, second recommended option: 64 MiB, three passes, four lanes."""
SALT_OCTETS: Final = 16
HASH_OCTETS: Final = 32


class Argon2Hashing:
    """Hashes that are costly to guess from; other parameters are for tests."""

    def __init__(self, *, passes: int = PASSES, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=HASH_OCTETS,
            salt_len=SALT_OCTETS,
            type=Type.ID,
        )

    def hash(self, password: str) -> str:
        """A new hash of a password, with its salt and parameters (PHC string)."""
        return self._hasher.hash(password)

    def matches(self, hashed: str, password: str) -> bool:
        """Whether a password is the one behind a hash."""
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(hashed)
