"""Evaluations as AuthZEN writes them: read strictly, with what is not understood set aside by its path."""

# Source of names and required members: OpenID AuthZEN Authorization API 1.0, "Information Model" and
# "Access Evaluation API".

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import islice
from typing import Final, NamedTuple

from iam.api.wire_faults import EvaluationFault, missing, wrong_type

LONGEST_NAME: Final = 64
"""Characters of a type and of an action's name."""
LONGEST_ID: Final = 128
MOST_IGNORED: Final = 16
"""How many ignored members an answer names; of each path at most `LONGEST_PATH` characters."""
LONGEST_PATH: Final = 64

Members = Mapping[str, object]
Paths = tuple[str, ...]

EVALUATION: Final = frozenset({"subject", "action", "resource", "context"})
_ENTITY: Final = frozenset({"type", "id", "properties"})
_ACTION: Final = frozenset({"name", "properties"})
_NONE: Final[Members] = {}


class Entity(NamedTuple):
    """A subject or a resource."""

    type: str
    id: str
    """Unique within the type."""
    properties: Members
    ignored: Paths


class Act(NamedTuple):
    """What the subject would do to the resource."""

    name: str
    properties: Members
    ignored: Paths


class Evaluation(NamedTuple):
    """One question as it came in; `ignored` holds the paths of members that the specification does not know."""

    subject: Entity
    action: Act
    resource: Entity
    context: Members
    ignored: Paths


class Defaults(NamedTuple):
    """What a batch says once for all evaluations that do not say it themselves; a member is taken whole or not."""

    subject: Entity | None = None
    action: Act | None = None
    resource: Entity | None = None
    context: Members = _NONE


NO_DEFAULTS: Final = Defaults()


def evaluation_of(members: Members, defaults: Defaults = NO_DEFAULTS, known: frozenset[str] = EVALUATION) -> Evaluation:
    """Read one evaluation. Raises EvaluationFault: `missing_member`, `wrong_type`, `too_long`."""
    subject = _entity(members["subject"], "subject") if "subject" in members else defaults.subject
    action = _act(members["action"]) if "action" in members else defaults.action
    resource = _entity(members["resource"], "resource") if "resource" in members else defaults.resource
    context = _object(members["context"], "context") if "context" in members else defaults.context
    if subject is None or action is None or resource is None:
        raise missing("subject" if subject is None else "action" if action is None else "resource")
    ignored = subject.ignored + action.ignored + resource.ignored
    if not members.keys() <= known:
        ignored += unknown(members, known, "")
    return Evaluation(subject, action, resource, context, ignored)


def defaults_of(members: Members) -> Defaults:
    """Read those of the four members that are there. Raises EvaluationFault: `wrong_type`, `missing_member`, …"""
    return Defaults(
        _entity(members["subject"], "subject") if "subject" in members else None,
        _act(members["action"]) if "action" in members else None,
        _entity(members["resource"], "resource") if "resource" in members else None,
        _object(members["context"], "context") if "context" in members else _NONE,
    )


def unknown(members: Members, known: Container[str], within: str) -> Paths:
    """The paths of members that are not among the known ones, bounded in number and length."""
    return bounded(f"{within}{name}" for name in members if name not in known)


def bounded(paths: Iterable[str]) -> Paths:
    """The first of these paths, each cut where it is long."""
    cut = (path if len(path) <= LONGEST_PATH else f"{path[: LONGEST_PATH - 1]}…" for path in paths)
    return tuple(islice(cut, MOST_IGNORED))


def text(value: object, path: str, longest: int) -> str:
    """A text of 1 to `longest` characters. Raises EvaluationFault: `wrong_type`, `too_long`."""
    if isinstance(value, str) and 0 < len(value) <= longest:
        return value
    if not isinstance(value, str) or not value:
        raise wrong_type(path, "a text that is not empty")
    raise EvaluationFault("too_long", f"The member '{path}' takes at most {longest} characters.", path)


def _entity(sent: object, name: str) -> Entity:
    if not isinstance(sent, dict):
        raise wrong_type(name, "an object")
    kind, identifier, properties = sent.get("type"), sent.get("id"), sent.get("properties", _NONE)
    if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_NAME:
        kind = _required(sent, "type", name, LONGEST_NAME)
    if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_ID:
        identifier = _required(sent, "id", name, LONGEST_ID)
    if not isinstance(properties, dict):
        raise wrong_type(f"{name}.properties", "an object")
    ignored = () if sent.keys() <= _ENTITY else unknown(sent, _ENTITY, f"{name}.")
    return Entity(kind, identifier, properties, ignored)


def _act(sent: object) -> Act:
    if not isinstance(sent, dict):
        raise wrong_type("action", "an object")
    name, properties = sent.get("name"), sent.get("properties", _NONE)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        name = _required(sent, "name", "action", LONGEST_NAME)
    if not isinstance(properties, dict):
        raise wrong_type("action.properties", "an object")
    return Act(name, properties, () if sent.keys() <= _ACTION else unknown(sent, _ACTION, "action."))


def _required(sent: Members, member: str, within: str, longest: int) -> str:
    """A required text that is not as it should be: says why."""
    path = f"{within}.{member}"
    if member not in sent:
        raise missing(path)
    return text(sent[member], path, longest)


def _object(sent: object, path: str) -> Members:
    if not isinstance(sent, dict):
        raise wrong_type(path, "an object")
    return sent
