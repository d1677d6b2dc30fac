"""Child process: checks in process, with the judge that every door asks and nothing else of the house."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import Any

from iam.domain.authorization import Question, SubjectKind
from iam.domain.enterprises import Capacity
from iam.outside.clock import SystemClock
from iam.outside.randomness import SystemRandomness
from iam.services.authorization import Ask, Authorization
from iam.settings import read_settings
from iam.storage.archive import open_archive
from policies.book import read_book
from policies.engine import CasbinLaw
from policies.library import LawLibrary
from tests.bench.children import serve
from tests.bench.described import ACTION, SERVICE, Asked, Described


class Deciding:
    """A warm judge over one database, and the questions in their order."""

    def __init__(self) -> None:
        settings = read_settings(os.environ)
        archive = open_archive(settings.database_url, SystemClock())
        book = read_book()
        library = LawLibrary(CasbinLaw(book), lambda _instant: (book.hash, book.to_json()))
        self._judge = Authorization(archive, library, SystemClock(), SystemRandomness())
        self._questions = Described(Path(settings.data)).questions()
        self._ready: list[tuple[Ask, bool]] = []

    def prepare(self, count: int) -> dict[str, Any]:
        """Make questions ready, which is not measured."""
        self._ready = [(ask_of(one), one.allowed) for one in islice(self._questions, count)]
        return {}

    def act(self) -> dict[str, Any]:
        """Decide them; tells how many answers were not as they should be."""
        check, wrong = self._judge.check, 0
        for ask, allowed in self._ready:
            wrong += check(ask).allowed is not allowed
        return {"wrong": wrong}


def ask_of(one: Asked) -> Ask:
    """A question as the judge takes it."""
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject=one.client,
        enterprise=one.enterprise,
        capacity=Capacity(one.capacity),
        service=SERVICE,
        action=ACTION,
        concerned=one.mandator,
    )
    return Ask(question=question)


if __name__ == "__main__":
    deciding = Deciding()
    serve({"prepare": deciding.prepare, "act": deciding.act})
