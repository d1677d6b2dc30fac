"""The tests of attacks catch what they are for: with a fault planted, those that should find it fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from saml import checks, reception
from saml.algorithms import SIGNATURES, SignatureAlgorithm
from saml.filter import documents, scanning, shapes, signature_shape
from saml.parties import Peer
from saml.pinned_keys import PinnedKey
from tests.saml import premises as p
from tests.saml import test_door as s10
from tests.saml import test_s01_signature_wrapping as s01
from tests.saml import test_s02_unsigned as s02
from tests.saml import test_s03_s04_keys_and_algorithms as s03
from tests.saml import test_s05_s06_s13_hostile_documents as s05
from tests.saml import test_s07_s08_text_and_namespaces as s07
from tests.saml import test_s09_s12_what_a_statement_says as s09
from tests.saml.conftest import Watch
from tests.saml.door_scene import Scene

Patch = pytest.MonkeyPatch
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


def no_shapes(patch: Patch) -> None:
    patch.setattr(documents, "check", lambda *_: None)


def believe_any_message(patch: Patch) -> None:
    patch.setattr(reception, "signed_by", lambda element, _: etree.tostring(element))


def keys_for_ever(patch: Patch) -> None:
    patch.setattr(PinnedKey, "in_force", lambda *_: True)


def weak_signatures(patch: Patch) -> None:
    patch.setitem(SIGNATURES, SHA1, SignatureAlgorithm("rsa", SHA256))


def no_bound(patch: Patch) -> None:
    patch.setattr(scanning, "MAX_OCTETS", 10**9)


def transforms_as_they_come(patch: Patch) -> None:
    patch.setattr(signature_shape, "_check_reference", lambda *_: None)


def text_as_it_comes(patch: Patch) -> None:
    patch.setattr(shapes, "_INVISIBLE", frozenset())


def destination_by_its_beginning(patch: Patch) -> None:
    def check(message: Any, peer: Peer, ourselves: Any, asked: Any, now: Any) -> None:
        told = message.get("Destination") or ""
        if told.startswith(ourselves.acs):
            message.set("Destination", ourselves.acs)
        exact(message, peer, ourselves, asked, now)

    exact = reception._check_message
    patch.setattr(reception, "_check_message", check)


def levels_without_order(patch: Patch) -> None:
    def check(statement: Any, peer: Any, ourselves: Any, asked: Any, now: Any) -> None:
        judged(statement, peer, ourselves, replace(asked, minimum=min(asked.levels.values())), now)

    judged = checks.check
    patch.setattr(reception, "check", check)


def requests_found_again(patch: Patch) -> None:
    patch.setattr("tests.web.a_hall.RecordingHall.take", lambda hall, one, told: hall.flows.get((one.id, told)))


CAUGHT: dict[str, tuple[Callable[[Patch], None], Callable[[Watch, Path], None]]] = {
    "S01: the filter compares no shapes": (
        no_shapes,
        lambda watch, _: s01.test_a_wrapped_signature_is_refused_before_any_library_sees_it(
            s01.genuine_assertion_in_extensions, "element_not_allowed", p.PLAIN, watch
        ),
    ),
    "S02: any message is believed": (
        believe_any_message,
        lambda _, __: s02.test_an_assertion_of_a_stranger_inside_a_genuine_message_is_refused(),
    ),
    "S03: keys that have expired verify": (
        keys_for_ever,
        lambda watch, _: s03.test_a_key_whose_certificate_has_expired_is_refused(watch),
    ),
    "S04: a weak algorithm is on the list": (
        weak_signatures,
        lambda watch, _: s03.test_other_signature_algorithms_are_refused_before_any_library(SHA1.encode(), watch),
    ),
    "S05: transforms are not judged": (
        transforms_as_they_come,
        lambda watch, _: s05.test_other_transforms_than_the_two_are_refused_before_any_library("inclusive c14n", watch),
    ),
    "S07: text is not judged": (
        text_as_it_comes,
        lambda watch, _: s07.test_a_text_that_two_readers_could_read_differently_is_refused("zero width space", watch),
    ),
    "S09: a destination that begins like ours is taken": (
        destination_by_its_beginning,
        lambda watch, _: s09.test_a_signed_message_that_is_not_the_answer_is_refused_before_decryption(
            {"destination": p.OURSELVES.acs + "?x=1"}, "destination", watch
        ),
    ),
    "S10: a login that began is found again": (
        requests_found_again,
        lambda _, folder: s10.test_an_answer_counts_once(Scene(folder)),
    ),
    "S12: levels are compared without their order": (
        levels_without_order,
        lambda _, __: s09.test_a_signed_statement_that_is_not_for_this_login_is_refused("level too low"),
    ),
    "S13: documents may be as long as they like": (
        no_bound,
        lambda watch, _: s05.test_what_is_too_much_or_no_document_is_refused_before_any_library(
            "one octet too many", watch
        ),
    ),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_a_planted_fault_is_caught(name: str, tmp_path: Path, watch: Watch, monkeypatch: Patch) -> None:
    plant, attack = CAUGHT[name]
    watch.reached.clear()
    attack(watch, tmp_path)
    watch.reached.clear()
    plant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        attack(watch, tmp_path)
