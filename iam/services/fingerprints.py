"""Fingerprints: secrets that a browser or a letter holds are kept as hashes only."""

from __future__ import annotations

import hashlib


def fingerprint(*texts: str) -> str:
    """SHA-256 (hexadecimal) of texts, kept apart from each other. The texts must hold a secret of 128 bits or more."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
