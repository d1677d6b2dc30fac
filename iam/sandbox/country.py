"""The fictional country: its people and enterprises as two text files describe them, on a given day."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from iam.domain.appointments import Role
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber, EmployerNumber, EmployerNumberKind, Niss

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An appointment that somebody holds from the start."""

    role: Role
    firm: str
    """The alias of the enterprise."""
    capacity: Capacity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """One of the country's people."""

    alias: str
    name: str
    niss: Niss
    """The present number: of the National Register, or a BIS number where there is no other."""
    former: Niss | None
    """The BIS number that the person had before."""
    part: str
    """Who this is, in a few words."""
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A legal function in the enterprise register, from a first day to a last, both included."""

    persona: str
    """The alias of who holds it."""
    title: str
    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityOnRecord:
    """A capacity in the employer directory, from a first day."""

    capacity: Capacity
    first_day: date
    employer_number: EmployerNumber | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """One of the country's enterprises, as the state's registers know it."""

    alias: str
    name: str
    number: CbeNumber
    functions: tuple[Function, ...]
    required_signatures: int
    capacities: tuple[CapacityOnRecord, ...]
    recognised: Capacity | None
    """The capacity that officers recognise it in."""
    last_day: date | None
    """Its last day, where it has ceased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The people and enterprises, by alias."""

    day: date
    """The day on which the sandbox starts, in Brussels: what "today" means in the files."""
    personas: Mapping[str, Persona]
    firms: Mapping[str, Firm]

    def niss_of(self, alias: str) -> Niss:
        """A person's present number."""
        return self.personas[alias].niss

    def number_of(self, alias: str) -> str:
        """An enterprise's number, ten digits."""
        return self.firms[alias].number.value


def read_country(day: date) -> Country:
    """The country as its files describe it on a day. KeyError or ValueError when a file is wrong: tests see to it."""
    people = {alias: _persona(alias, table) for alias, table in _tables("personas.toml").items()}
    firms = {alias: _firm(alias, table, day) for alias, table in _tables("enterprises.toml").items()}
    return Country(day=day, personas=people, firms=firms)


def _tables(name: str) -> dict[str, Table]:
    return tomllib.loads(files("iam.sandbox").joinpath(name).read_text(encoding="utf-8"))


def _persona(alias: str, table: Table) -> Persona:
    return Persona(
        alias=alias,
        name=table["name"],
        niss=Niss.parse(table["niss"]),
        former=Niss.parse(table["former"]) if "former" in table else None,
        part=table["part"],
        place=_place(table["place"]) if "place" in table else None,
    )


def _place(table: Table) -> Place:
    capacity = Capacity(table["capacity"]) if "capacity" in table else None
    return Place(role=Role(table["role"]), firm=table["enterprise"], capacity=capacity)


def _firm(alias: str, table: Table, day: date) -> Firm:
    return Firm(
        alias=alias,
        name=table["name"],
        number=CbeNumber.parse(table["number"]),
        functions=tuple(_function(one, day) for one in table["representatives"]),
        required_signatures=table.get("required_signatures", 1),
        capacities=tuple(_capacity(one) for one in table.get("capacities", ())),
        recognised=Capacity(table["recognised"]) if "recognised" in table else None,
        last_day=_day(table["ceased"], day) if "ceased" in table else None,
    )


def _function(table: Table, day: date) -> Function:
    until = _day(table["until"], day) if "until" in table else None
    return Function(persona=table["who"], title=table["function"], first_day=table["from"], last_day=until)


def _capacity(table: Table) -> CapacityOnRecord:
    written = table.get("employer_number")
    number = EmployerNumber.parse(EmployerNumberKind.NSSO, written) if written else None
    return CapacityOnRecord(capacity=Capacity(table["capacity"]), first_day=table["from"], employer_number=number)


_DAYS_AGO = re.compile(r"([1-9][0-9]{0,3}) days ago")


def _day(written: date | str, day: date) -> date:
    """A day as the files write it: a date, or told from the day on which the sandbox starts."""
    if isinstance(written, date):
        return written
    named = {"today": 0, "yesterday": 1}
    ago = _DAYS_AGO.fullmatch(written)
    return day - timedelta(days=int(ago[1]) if ago else named[written])
