"""What the Casbin model must say: the columns of the rules, and that a rule applies only when all of them do."""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser, Error

from policies.rules import COLUMNS, FORBID, PERMIT

MODEL_PAGE = "model.conf"
REQUEST = ("facts", "service", "action", "assurance", "passed")
PERMITTING, FORBIDDING = "m", "m2"
_EFFECT = "some(where (p.eft == allow))"
_DEFINITIONS = {
    ("request_definition", "r"): ", ".join(REQUEST),
    ("policy_definition", PERMIT): ", ".join(COLUMNS[PERMIT]),
    ("policy_definition", FORBID): ", ".join(COLUMNS[FORBID]),
    ("policy_effect", "e"): _EFFECT,
    ("policy_effect", "e2"): _EFFECT,
}
_CONDITIONS = {
    PERMITTING: {
        "names(p.services, r.service)",
        "names(p.actions, r.action)",
        "hold(r.facts, p.who)",
        "hold(r.facts, p.provided)",
        "reaches(r.assurance, p.assurance)",
        "unsaid(p.id, r.passed)",
    },
    FORBIDDING: {
        "names(p2.services, r.service)",
        "names(p2.actions, r.action)",
        "hold(r.facts, p2.facts)",
        "unsaid(p2.id, r.passed)",
    },
}


def misprints(text: str) -> list[str]:
    """Everything in which a model differs from what the rules are written for, with file and line."""
    parser = ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text, source=MODEL_PAGE)
    except Error as error:
        return [f"{MODEL_PAGE}:1: cannot be read: {' '.join(str(error).split())}"]
    return [f"{MODEL_PAGE}:{_line(text, key)}: {complaint}" for key, complaint in _complaints(parser)]


def _complaints(parser: ConfigParser) -> Iterator[tuple[str, str]]:
    stated = {(section, key): value for section in parser.sections() for key, value in parser[section].items()}
    for (section, key), wanted in _DEFINITIONS.items():
        if stated.pop((section, key), None) != wanted:
            yield key, f"{section} must say '{key} = {wanted}'"
    for key, conditions in _CONDITIONS.items():
        written = [one.strip() for one in stated.pop(("matchers", key), "").split("&&")]
        for condition in sorted(conditions - set(written)):
            yield key, f"the matcher '{key}' must ask {condition}"
        for condition in sorted(set(written) - conditions):
            yield key, f"the matcher '{key}' may not ask '{condition}'"
    for section, key in stated:
        yield key, f"{section} may not define '{key}'"


def _line(text: str, key: str) -> int:
    numbered = enumerate(text.split("\n"), 1)
    return next((number for number, line in numbered if line.split("=")[0].strip() == key), 1)
