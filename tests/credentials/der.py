"""DER in pieces, to build documents that no library would."""

from __future__ import annotations


def tlv(tag: int, content: bytes) -> bytes:
    """One value with its tag and length (X.690 §8.1)."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*members: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(0x30, b"".join(members))


def parts(value: bytes) -> list[bytes]:
    """The values inside a constructed value or an OCTET STRING, each whole."""
    start, size = _header(value)
    inside, found = value[start : start + size], []
    while inside:
        begin, length = _header(inside)
        found.append(inside[: begin + length])
        inside = inside[begin + length :]
    return found


def _header(value: bytes) -> tuple[int, int]:
    first = value[1]
    if first < 0x80:
        return 2, first
    count = first & 0x7F
    return 2 + count, int.from_bytes(value[2 : 2 + count], "big")
