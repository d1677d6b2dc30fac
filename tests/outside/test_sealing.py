"""What is sealed stays sealed, and its key lies where only the house can read it."""

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.outside.sealing import BrokenSeal, Sealer, UnsafeSetting, load_sealing_key

KEY = bytes(range(200, 232))
DEMO = bytes(range(32))
SEALER = Sealer(KEY)


@given(st.text(max_size=40), st.binary(max_size=300))
def test_what_was_sealed_opens_under_its_name(name: str, plaintext: bytes) -> None:
    blob = SEALER.seal(name, plaintext)
    assert Sealer(KEY).unseal(name, blob) == plaintext
    assert len(blob) == 1 + 12 + len(plaintext) + 16


@given(st.integers(0, 8 * 49 - 1))
def test_a_flipped_bit_anywhere_is_refused(bit: int) -> None:
    blob = bytearray(SEALER.seal("signing key", b"twenty octets exactly"[:20]))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BrokenSeal):
        SEALER.unseal("signing key", bytes(blob))


@pytest.mark.parametrize("cut", [0, 1, 12, 13, 28, 29, 48])
def test_a_shortened_seal_is_refused(cut: int) -> None:
    blob = SEALER.seal("signing key", b"twenty octets exactly"[:20])
    with pytest.raises(BrokenSeal):
        SEALER.unseal("signing key", blob[:cut])
    with pytest.raises(BrokenSeal):
        SEALER.unseal("signing key", blob + b"\0")


def test_a_secret_cannot_stand_in_for_another() -> None:
    blob = SEALER.seal("one", b"secret")
    with pytest.raises(BrokenSeal) as refusal:
        SEALER.unseal("other", blob)
    assert "altered" in str(refusal.value)
    with pytest.raises(BrokenSeal):
        Sealer(DEMO).unseal("one", blob)


def test_the_same_secret_is_never_sealed_twice_alike() -> None:
    assert len({SEALER.seal("one", b"secret") for _ in range(50)}) == 50


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_a_sealing_key_has_32_octets(length: int) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Sealer(b"k" * length)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(KEY.hex())
    file.chmod(0o600)
    return file


WRITTEN = {
    "hexadecimal": KEY.hex().encode(),
    "hexadecimal in capitals with a newline": KEY.hex().upper().encode() + b"\n",
    "base64url": base64.urlsafe_b64encode(KEY).rstrip(b"="),
    "base64url with padding and newline": base64.urlsafe_b64encode(KEY) + b"\r\n",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_key_is_read_in_either_writing_from_file_or_environment(form: str, key_file: Path, data: Path) -> None:
    key_file.write_bytes(WRITTEN[form])
    assert load_sealing_key(file=key_file, text=None, data_folder=data) == KEY
    assert load_sealing_key(file=None, text=WRITTEN[form].decode(), data_folder=data) == KEY


def test_a_file_may_hold_the_octets_themselves(key_file: Path, data: Path) -> None:
    key_file.write_bytes(KEY)
    assert load_sealing_key(file=key_file, text=None, data_folder=data) == KEY


def refused(data: Path, file: Path | None = None, text: str | None = None) -> str:
    with pytest.raises(UnsafeSetting) as refusal:
        load_sealing_key(file=file, text=text, data_folder=data, refused=[DEMO])
    message = str(refusal.value)
    assert "\n" not in message
    assert KEY.hex() not in message
    return message


NOT_KEYS = [
    b"",
    b"\n",
    b"password",
    b"x" * 32,
    b"correct horse battery staple, 32",
    KEY + b"\n",
    KEY[:31],
    KEY + KEY,
    KEY.hex().encode()[:-1],
    KEY.hex().encode() + b"0",
    b"0x" + KEY.hex().encode()[:62],
    KEY.hex(":").encode(),
    b"g" * 64,
    base64.b64encode(b"\xfb\xff" * 16),
    b"!" + base64.urlsafe_b64encode(KEY)[:42],
    b"a" * 100_000,
    bytes(32),
    b"0" * 64,
    b"A" * 43,
    b"\xff" * 32,
    DEMO,
    DEMO.hex().encode(),
]


@pytest.mark.parametrize("content", NOT_KEYS)
def test_what_is_not_32_secret_octets_is_refused(content: bytes, key_file: Path, data: Path) -> None:
    key_file.write_bytes(content)
    refused(data, file=key_file)
    refused(data, text=content.decode(errors="surrogateescape"))


def test_no_key_and_two_keys_are_refused(key_file: Path, data: Path) -> None:
    assert "must be given" in refused(data)
    assert "must be given" in refused(data, file=key_file, text=KEY.hex())


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o660, 0o777, 0o440])
def test_a_key_open_to_group_or_others_is_refused(mode: int, key_file: Path, data: Path) -> None:
    key_file.chmod(mode)
    assert "group or others" in refused(data, file=key_file)


def test_a_key_in_the_data_folder_is_refused_by_whatever_way_it_is_named(key_file: Path, data: Path) -> None:
    inside = data / "deep" / "key"
    inside.parent.mkdir()
    key_file.rename(inside)
    link = data.parent / "link"
    link.symlink_to(inside)
    folder_link = data.parent / "elsewhere"
    folder_link.symlink_to(data)
    for name in (inside, link, folder_link / "deep" / "key", data.parent / "x" / ".." / "data" / "deep" / "key"):
        assert "data folder" in refused(data, file=name)
        assert "data folder" in refused(folder_link, file=name)


def test_a_link_in_the_data_folder_is_refused_wherever_it_leads(key_file: Path, data: Path) -> None:
    link = data / "key"
    link.symlink_to(key_file)
    assert "data folder" in refused(data, file=link)


def test_a_link_outside_the_data_folder_may_lead_to_the_key(key_file: Path, data: Path) -> None:
    link = data.parent / "link"
    link.symlink_to(key_file)
    assert load_sealing_key(file=link, text=None, data_folder=data) == KEY


def test_a_folder_that_only_begins_with_the_same_letters_is_elsewhere(key_file: Path, data: Path) -> None:
    beside = data.parent / "data-keys"
    beside.mkdir()
    key_file.rename(beside / "key")
    assert load_sealing_key(file=beside / "key", text=None, data_folder=data) == KEY


def test_a_second_name_in_the_data_folder_is_refused(key_file: Path, data: Path) -> None:
    os.link(key_file, data / "copy")
    assert "second name" in refused(data, file=key_file)


def test_what_cannot_be_read_as_a_file_is_refused(tmp_path: Path, data: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (fifo, folder, loop, tmp_path / "missing", tmp_path / "missing" / "key", Path("nul\0")):
        refused(data, file=path)


def test_a_key_of_another_user_is_refused(key_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(key_file, 4321, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4321)
    assert "another user" in refused(data, file=key_file)
