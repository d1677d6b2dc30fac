"""Names of persons as identity providers give them, kept to be shown when somebody logs out there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Self

from lxml import etree

from iam.services.fingerprints import fingerprint
from saml.names import SAML
from saml.writing import Writer

_A: Final = Writer(SAML, {"saml2": SAML})
_FORMAT, _QUALIFIER, _SP_QUALIFIER = "Format", "NameQualifier", "SPNameQualifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """A `NameID` (SAML Core §2.2.3); what it leaves out is None."""

    value: str
    format: str | None = None
    qualifier: str | None = None
    sp_qualifier: str | None = None

    @classmethod
    def read(cls, element: etree._Element) -> Self:
        """The name in an element that passed the filter."""
        return cls(
            value=element.text or "",
            format=element.get(_FORMAT),
            qualifier=element.get(_QUALIFIER),
            sp_qualifier=element.get(_SP_QUALIFIER),
        )

    def element(self) -> etree._Element:
        """The name as it was given."""
        told = {_FORMAT: self.format, _QUALIFIER: self.qualifier, _SP_QUALIFIER: self.sp_qualifier}
        return _A("NameID", {name: text for name, text in told.items() if text}, self.value)

    @property
    def key(self) -> str:
        """By what sessions are found: one provider's names differ in their value, whatever stands around it."""
        return fingerprint("saml-name", self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionThere:
    """A person's session at an identity provider: what it must be shown to end it."""

    name: NameId
    index: str
    """Empty where the provider numbers no sessions."""

    def written(self) -> str:
        """As text, to be kept sealed."""
        name = self.name
        return json.dumps([name.value, name.format, name.qualifier, name.sp_qualifier, self.index])

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `written` wrote. ValueError for anything else."""
        told = json.loads(text)
        if not isinstance(told, list) or len(told) != 5 or not all(isinstance(each, str | None) for each in told):
            raise ValueError("no session of an identity provider")
        value, form, qualifier, sp_qualifier, index = told
        name = NameId(value=value, format=form, qualifier=qualifier, sp_qualifier=sp_qualifier)
        return cls(name=name, index=index or "")
