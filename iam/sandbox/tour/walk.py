"""Walking the guided tour from its first step to the last, or to the first that does not do what it must."""

from __future__ import annotations

from itertools import count

from iam.sandbox.tour.guide import Guide, WrongTurn
from iam.sandbox.tour.route import ROUTE


def walk(guide: Guide) -> bool:
    """Walk the route; returns whether every step did what it must, having said which did not."""
    for name, client in guide.clients.items():
        guide.narrator.name(client.client_id, name)
    for persona in guide.country.personas.values():
        guide.narrator.name(persona.niss.value, persona.name)
    number = count(1)
    for part in ROUTE:
        guide.narrator.part(part.title)
        for step in part.steps:
            guide.narrator.step(next(number), step.title)
            guide.narrator.say(step.why)
            try:
                step.walk(guide)
            except WrongTurn as wrong:
                guide.narrator.wrong(step.title, str(wrong))
                return False
    return True
