"""Identity matching: which person a provider's own name for somebody leads to, once that link was proven."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from iam.domain.foreign_identities import ForeignIdentity, IdentityState
from iam.domain.logins import PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.persons import PersonNumber
from iam.ports import Reading, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.people import became
from iam.services.sign_in import Recognised


class IdentityMatching:
    """Recognises people by links that were proven; nobody is ever found by e-mail, name or birth date."""

    def person_of(self, uow: UnitOfWork, proven: ProvenLogin) -> Recognised | None:
        """The person to whom this identity was linked, as later merges made one of several records.

        None when it is linked to nobody, when the source names nobody, and when the minimum data set is not that of
        whom the name belonged to: then the provider gave the name to somebody else, and it is matched again.
        """
        identity = identity_of(uow, proven)
        if identity is None or not identity.linked or another(identity, proven.personal):
            return None
        person = present_record(uow, identity.person or "")
        if person is None or (not identity.born and numbers_contradict(uow, person, _written(proven.personal))):
            return None
        uow.put(replace(renamed(identity, proven.personal), person=person, last_seen_at=uow.now))
        return Recognised(person=person, highest=identity.vouched)


def identity_of(reading: Reading, proven: ProvenLogin) -> ForeignIdentity | None:
    """What is known of the identity that a login proved; None where the source gave no name of its own."""
    return reading.get(ForeignIdentity, identity_key(proven)) if proven.subject else None


def identity_key(proven: ProvenLogin) -> str:
    """The id of an identity: its provider and the provider's own name for it, exactly as told.

    Raises ValueError for a login whose source gave no name: all such would be one.
    """
    if not proven.subject:
        raise ValueError("the source of this login names nobody")
    return fingerprint(proven.provider, proven.subject)


def present_record(reading: Reading, person: str) -> str | None:
    """The record that a record has become by merges; None when it never was."""
    records = became(reading, person)
    return records[-1] if records else None


def renamed(identity: ForeignIdentity, personal: PersonalData | None) -> ForeignIdentity:
    """An identity under the names and birth date that the source tells now; what it does not tell stays."""
    if personal is None:
        return identity
    born = _written(personal) or identity.born
    return replace(identity, family_name=personal.family_name, given_name=personal.given_name, born=born)


def _written(personal: PersonalData | None) -> str:
    return personal.born.isoformat() if personal is not None and personal.born is not None else ""


def another(identity: ForeignIdentity, personal: PersonalData | None) -> bool:
    """Whether a login tells of another human being than the one who is known by the identity.

    That is one with another birth date, or with another family name and another given name at once: either of them
    changes in a life, and both together are somebody else until that was proven otherwise.
    """
    told = _written(personal)
    if identity.born and told and identity.born != told:
        return True
    if personal is None or not (identity.family_name and identity.given_name):
        return False
    family_name, given_name = _names(identity)
    return family_name != _plain(personal.family_name) and given_name != _plain(personal.given_name)


def number_contradicts(niss: Niss, born: str) -> bool:
    """Whether a number carries another birth date than the source tells; unknown ones contradict nothing."""
    carried = niss.birth_date
    return carried is not None and bool(born) and carried.isoformat() != born


def numbers_contradict(reading: Reading, person: str, born: str) -> bool:
    """Whether every number of a person carries another birth date than the source tells."""
    numbers = [Niss(one.niss) for one in reading.find(PersonNumber, person=person)]
    return bool(numbers) and all(number_contradicts(one, born) for one in numbers)


def alike(reading: Reading, identity: ForeignIdentity) -> list[ForeignIdentity]:
    """Other linked identities of the same country with the same minimum data set: perhaps a former name of hers.

    That is for an officer to find out: two people may share a name and a birth date (eIDAS identifiers may change).
    """
    if not identity.born:
        return []
    found = reading.find(ForeignIdentity, issued_in=identity.issued_in, born=identity.born)
    same = (one for one in found if one.id != identity.id and one.state is IdentityState.LINKED)
    return [one for one in same if _names(one) == _names(identity)]


def _names(identity: ForeignIdentity) -> tuple[str, str]:
    return _plain(identity.family_name), _plain(identity.given_name)


def _plain(name: str) -> str:
    """A name as it counts when two are compared: in small letters, without accents, blanks or marks."""
    parted = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in parted if one.isalnum())
