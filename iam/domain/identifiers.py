"""Identifiers of persons, enterprises, establishment units and employers, in one import."""

from iam.domain.employer_numbers import EmployerNumber, EmployerNumberKind
from iam.domain.enterprise_numbers import CbeNumber, EstablishmentUnitNumber
from iam.domain.niss import Niss, NissKind

__all__ = ["CbeNumber", "EmployerNumber", "EmployerNumberKind", "EstablishmentUnitNumber", "Niss", "NissKind"]
