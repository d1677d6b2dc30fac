"""RSA moduli that can be factored although they are long enough."""

from math import gcd, isqrt, prod
from typing import Final

SMALL_PRIMES: Final = tuple(n for n in range(3, 752, 2) if all(n % divisor for divisor in range(3, isqrt(n) + 1, 2)))
ROCA_PRIMES: Final = tuple(prime for prime in SMALL_PRIMES if prime <= 167)
FERMAT_ROUNDS: Final = 100


def has_small_factor(modulus: int) -> bool:
    """Whether an odd prime below 752 divides the modulus."""
    return gcd(modulus, _PRIMORIAL) != 1


def has_close_factors(modulus: int) -> bool:
    """Whether Fermat's method factors the modulus in a hundred steps, as with CVE-2022-26320."""
    mean = isqrt(modulus - 1) + 1
    for _ in range(FERMAT_ROUNDS):
        difference = mean * mean - modulus
        if isqrt(difference) ** 2 == difference:
            return True
        mean += 1
    return False


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether the modulus has the structure of CVE-2017-15361 (Nemec et al., "The Return of Coppersmith's Attack").

    The faulty library makes primes that are powers of 65537 modulo many small primes, so the modulus is one too; of
    other moduli fewer than one in 2**27 is.
    """
    return all(modulus % prime in residues for prime, residues in _ROCA_RESIDUES.items())


def _powers_of_65537(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))


_PRIMORIAL: Final = prod(SMALL_PRIMES)
_ROCA_RESIDUES: Final = {prime: _powers_of_65537(prime) for prime in ROCA_PRIMES}
