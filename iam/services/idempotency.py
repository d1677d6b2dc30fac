"""Once: an act under an idempotency key and the answer to it are one transaction, so a repeat gets the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from iam.domain.errors import Conflict
from iam.ports import Archive, UnitOfWork

PURPOSE = "idempotency"
KEPT_FOR = timedelta(days=7)
"""How long an answer is kept for a repeat."""


class JoinedUnit:
    """A unit of work inside a larger one: its commit says that it is whole, the larger one makes it durable."""

    def __init__(self, uow: UnitOfWork, scope: _Scope) -> None:
        self._uow = uow
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)

    def commit(self) -> int:
        """Mark the larger unit as one to commit."""
        self._scope.whole = True
        return self._uow.revision


class _Scope:
    """One act under one key: the unit of work that its parts join, opened when the first part writes."""

    def __init__(self, archive: Archive, key: str, asked: str) -> None:
        self._archive = archive
        self._key = key
        self._asked = asked
        self._stack = ExitStack()
        self._uow: UnitOfWork | None = None
        self.whole = False

    def unit(self) -> UnitOfWork:
        if self._uow is None:
            self._uow = self._stack.enter_context(self._archive.writing())
            self._replay(self._uow)
        return JoinedUnit(self._uow, self)

    def _replay(self, uow: UnitOfWork) -> None:
        kept = uow.recall(PURPOSE, self._key)
        if kept is None:
            return
        asked, _, answer = kept.partition("\n")
        if asked != self._asked:
            detail = "This idempotency key came before with another request; use a new key for a new request."
            raise Conflict("idempotency_key_reused", detail)
        raise AnsweredBefore(answer)

    def settle(self, answer: str) -> None:
        if self._uow is not None and self.whole:
            self._uow.keep(PURPOSE, self._key, f"{self._asked}\n{answer}", self._uow.now + KEPT_FOR)
            self._uow.commit()

    def close(self) -> None:
        self._stack.close()


class AnsweredBefore(Exception):
    """The act was done before under the same key; `answer` is what was kept."""

    def __init__(self, answer: str) -> None:
        super().__init__("answered before")
        self.answer = answer


class OnceArchive:
    """The archive as use-cases see it: outside `once` the archive itself, inside one unit of work for all parts.

    It implements `iam.ports.Archive`; everything but writing passes straight through.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._scope: ContextVar[_Scope | None] = ContextVar("scope", default=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._archive, name)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open a unit of work, or join the one of the act under way."""
        scope = self._scope.get()
        if scope is not None:
            yield scope.unit()
            return
        with self._archive.writing() as uow:
            yield uow

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Let what is recorded in this block stand whatever becomes of the act under way.

        For what is learned before an act, such as a register's word that an enterprise has ceased; the act itself has
        not begun to write.
        """
        token = self._scope.set(None)
        try:
            yield
        finally:
            self._scope.reset(token)

    def once(self, key: str, asked: str, produce: Callable[[], str]) -> str:
        """Do an act once under a key; a repeat with the same request gets the answer that was kept.

        Args:
            key: unique for caller and key together.
            asked: fingerprint of the request, on one line.
            produce: does the act and returns its answer; what it raises undoes all and is not kept.

        Raises:
            Conflict: `idempotency_key_reused` for a key that came with another request.
        """
        scope = _Scope(self._archive, key, asked)
        token = self._scope.set(scope)
        try:
            answer = produce()
            scope.settle(answer)
            return answer
        except AnsweredBefore as before:
            return before.answer
        finally:
            self._scope.reset(token)
            scope.close()
