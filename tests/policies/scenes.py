"""Scenes: cases of the law in words, each a little world with a question, and what the law must answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Exhibit, Proof, Question, Situation, SubjectKind, decide
from iam.domain.enterprises import Capacity
from iam.domain.facts import Case, Fact, case_of, establish
from iam.domain.periods import local_date
from iam.domain.reasons import cure_for, reason_for
from iam.domain.relations import typed_properties
from iam.ports import Law

CASES = Path(__file__).parent / "cases"
CAST: dict[str, str] = yaml.safe_load((CASES / "cast.yaml").read_text())
PROOFS = {
    "software": Proof.CLIENT,
    "appointed": Proof.APPOINTMENT,
    "given": Proof.GRANT,
    "portfolio": Proof.PORTFOLIO,
    "mandate": Proof.MANDATE,
    "delegation": Proof.DELEGATION,
    "capacity": Proof.CAPACITY,
    "ceased": Proof.ENTERPRISE_CEASED,
    "employer ceased": Proof.CONCERNED_CEASED,
    "employer is": Proof.CONCERNED_CAPACITY,
    "activated": Proof.ACTIVATION,
}
FIELDS = {"title", "story", "person", "acts", "about", "asks", "sends", "day", "recorded", "without", "with"} | {
    "representative",
    "answer",
    "rules",
    "reason",
    "cure",
    "but",
}
TODAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Answer:
    """What the law says of a scene."""

    allowed: bool
    reason: str
    rules: tuple[str, ...] = ()
    cure: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """One question in one little world, with the answer expected."""

    name: str
    told: Mapping[str, Any]
    service: str
    action: str

    @property
    def expected(self) -> Answer:
        """The answer that the scene's author wrote down."""
        allowed = self.told["answer"] == "allowed"
        cure = self.told.get("cure", {})
        return Answer(
            allowed=allowed,
            reason="permitted" if allowed else self.told["reason"],
            rules=tuple(self.told.get("rules", ())),
            cure=_named({"type": cure} if isinstance(cure, str) else cure),
        )

    def answered(self, law: Law) -> Answer:
        """What the law answers; a cure that the scene gives by its type alone is cut to that."""
        case = self.case(law)
        login = case.question.authentication
        level = login.assurance if login else None
        judgement = law.judge(establish(case), self.service, self.action, level, local_date(case.at))
        allowed, rules = decide(judgement.permits, judgement.forbids)
        if allowed:
            return Answer(True, "permitted", rules)
        if judgement.forbids:
            return Answer(False, law.reason_of_rule(rules[0]), rules)
        missing = [Fact(one) for one in judgement.missing]
        reason = reason_for(missing, case)
        cure = cure_for(reason, missing, case)
        return Answer(False, reason, (), {"type": cure["type"]} if cure and self._by_type() else cure)

    def _by_type(self) -> bool:
        return isinstance(self.told.get("cure"), str)

    def case(self, law: Law) -> Case:
        """The scene as a court sees it."""
        told, catalogue = self.told, law.catalogue
        at = datetime.combine(told.get("day", TODAY), time(9), UTC)
        sent = typed_properties(catalogue.services[self.service], _named(told.get("sends", {})), catalogue)
        acts = told.get("acts") or {}
        question = Question(
            subject_kind=SubjectKind.PERSON if told.get("person") else SubjectKind.CLIENT,
            subject="subject",
            enterprise=_named(acts.get("for")),
            capacity=Capacity(acts["as"]) if "as" in acts else None,
            service=self.service,
            action=self.action,
            concerned=_named(told.get("about")),
            properties=sent,
            authentication=_login(told.get("person"), at),
            numbers=frozenset({CAST["citizen"]}) if told.get("person") else frozenset(),
            representative=told.get("representative", False),
        )
        exhibits = tuple(_exhibit(record) for record in told["recorded"])
        return case_of(question, Situation(7, at, exhibits), catalogue, at)


def _login(person: Any, at: datetime) -> Authentication | None:
    if not isinstance(person, dict):
        return None
    return Authentication("subject", LoginKey(person["key"]), Assurance.parse(person["level"]), at, "door", "jti")


def _exhibit(record: str) -> Exhibit:
    what, _, detail = record.partition(": ")
    return Exhibit(PROOFS[what], f"{what}-1", None, detail)


def _named(value: Any) -> Any:
    """A value with the names of the cast replaced by their numbers."""
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one) for one in value]
    if isinstance(value, str) and value.startswith("niss:"):
        return f"niss:{CAST[value.removeprefix('niss:')]}"
    return CAST.get(value, value) if isinstance(value, str) else value


def scenes_of(path: Path) -> Iterator[Scene]:
    """The scenes of one file, each followed by the same with what is said to differ."""
    for told in yaml.safe_load(path.read_text())["scenes"]:
        yield from _acts(path, told, told["title"])
        for variation in told.get("but", ()):
            yield from _acts(path, _varied(told, variation), f"{told['title']}, but {variation['title']}")


def _varied(told: Mapping[str, Any], variation: Mapping[str, Any]) -> dict[str, Any]:
    dropped, added = variation.get("without", []), variation.get("with", [])
    kept = [one for one in told["recorded"] if one.partition(": ")[0] not in dropped]
    gone = {"answer", "rules", "reason", "cure", "but"}
    same = {key: value for key, value in told.items() if key not in gone}
    return {"answer": "refused", **same, "recorded": kept + added, **variation}


def _acts(path: Path, told: Mapping[str, Any], title: str) -> Iterator[Scene]:
    if unknown := told.keys() - FIELDS:
        raise ValueError(f"{path.name}: {title}: {unknown}")
    acts = told["asks"] if isinstance(told["asks"], list) else [told["asks"]]
    for act in acts:
        service, action = act.split()
        yield Scene(f"{path.stem}: {title} ({act})", told, service, action)


def all_scenes() -> list[Scene]:
    """Every scene of every file."""
    return [scene for path in sorted(CASES.glob("*.yaml")) if path.stem != "cast" for scene in scenes_of(path)]
