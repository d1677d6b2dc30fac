"""The sandbox's control room: changes to the country while all runs, for tests and for trying things out."""

# POST /control/<what> with a JSON object:
#   register {mood}                                     how the enterprise register treats questions
#   enterprises {number, required_signatures}           enter one, or change its signing power
#   functions {number, niss, title} · functions/end {number, niss}
#   capacities {number, capacity, employer_number} · capacities/end (the same)
#   cease {number}
#   numbers {former, present}                           replace a person's number in the register of persons
# Everything takes effect at once; the lines of feeds are taken in when the service next follows them.

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from iam.domain.employer_numbers import EmployerNumber, EmployerNumberKind
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import CbeNumber, Niss
from iam.sandbox.person_register import PersonRegister
from iam.sandbox.registers import Registers
from iam.sandbox.state_systems import Mood, Weather

CONTROL = "/control"


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MoodOrder(_Order):
    mood: Mood


class _EnterpriseOrder(_Order):
    number: str
    required_signatures: int = Field(default=1, ge=1, le=100)


class _FunctionOrder(_Order):
    number: str
    niss: str
    title: str = "director"


class _CapacityOrder(_Order):
    number: str
    capacity: Capacity
    employer_number: str | None = None

    def employer(self) -> EmployerNumber | None:
        """The employer number, of kind "nsso" as all of the sandbox's."""
        written = self.employer_number
        return None if written is None else EmployerNumber.parse(EmployerNumberKind.NSSO, written)


class _NumberOrder(_Order):
    former: str
    present: str


def control_room(registers: Registers, persons: PersonRegister, weather: Weather) -> Blueprint:
    """The doors through which the country is changed."""
    door = Blueprint("control", __name__)

    @door.post("/register")
    def register() -> Response:
        weather.register = _MoodOrder.model_validate(request.get_json()).mood
        return jsonify(mood=weather.register)

    @door.post("/enterprises")
    def enterprises() -> Response:
        order = _EnterpriseOrder.model_validate(request.get_json())
        registers.found(CbeNumber.parse(order.number), order.required_signatures)
        return jsonify(number=order.number)

    @door.post("/cease")
    def cease() -> Response:
        order = _EnterpriseOrder.model_validate(request.get_json())
        return jsonify(line=registers.cease(CbeNumber.parse(order.number)))

    @door.post("/numbers")
    def numbers() -> Response:
        order = _NumberOrder.model_validate(request.get_json())
        return jsonify(line=persons.replace_number(Niss.parse(order.former), Niss.parse(order.present)))

    _functions(door, registers)
    _capacities(door, registers)
    return door


def _functions(door: Blueprint, registers: Registers) -> None:
    @door.post("/functions")
    def start_function() -> Response:
        order = _FunctionOrder.model_validate(request.get_json())
        registers.start_function(CbeNumber.parse(order.number), Niss.parse(order.niss).value, order.title)
        return jsonify(number=order.number)

    @door.post("/functions/end")
    def end_function() -> Response:
        order = _FunctionOrder.model_validate(request.get_json())
        registers.end_function(CbeNumber.parse(order.number), Niss.parse(order.niss).value)
        return jsonify(number=order.number)


def _capacities(door: Blueprint, registers: Registers) -> None:
    @door.post("/capacities")
    def start_capacity() -> Response:
        order = _CapacityOrder.model_validate(request.get_json())
        return jsonify(line=registers.start_capacity(CbeNumber.parse(order.number), order.capacity, order.employer()))

    @door.post("/capacities/end")
    def end_capacity() -> Response:
        order = _CapacityOrder.model_validate(request.get_json())
        return jsonify(line=registers.end_capacity(CbeNumber.parse(order.number), order.capacity, order.employer()))
