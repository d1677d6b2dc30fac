"""Receivers at the door: which service calls, by its access token, and whether it may receive signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Request, Response

from iam.domain.authorization import Question, SubjectKind
from iam.domain.clients import Client
from iam.ports import Archive, Library
from iam.services.authorization import Ask, Authorization, CallerNotActive
from iam.services.tokens import OUR_SERVICE
from iam.web import challenges
from iam.web.problems import ProblemAnswer
from oidc.provider.bearer import BearerTokens
from oidc.provider.possession import PROOF, Possession

RECEIVE: Final = "receive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Lets in services whose token carries the scope of receiving signals, and whom the judge permits it now."""

    archive: Archive
    judge: Authorization
    library: Library
    bearer: BearerTokens
    possession: Possession

    def who_asks(self, request: Request) -> Client:
        """The service behind a request, in these steps:

        (1) its access token is for us, good, and presented as it is bound;
        (2) the token carries the scope;
        (3) client and token are good now, and the judge permits the client to receive.

        Raises ProblemAnswer: 401, 403. Forbidden: as judged.
        """
        caller = self.bearer.caller(request.headers.get("Authorization"), request.environ)  # (1)
        if self.scope not in caller.scopes:  # (2)
            raise ProblemAnswer(challenges.missing_scope([self.scope]))
        with self.archive.reading() as reading:
            client = reading.get(Client, caller.client_id)
        if client is None:
            raise _not_active()
        try:
            decision = self.judge.decide(_ask(client, caller.jti))  # (3)
        except CallerNotActive:
            raise _not_active() from None
        if not decision.allowed:
            raise self.judge.refusal_of(decision)
        return client

    def with_nonce(self, request: Request, answer: Response) -> Response:
        """An answer that is never kept, with the nonce of the next proof (RFC 9449 §9)."""
        answer.headers["Cache-Control"] = "no-store"
        if PROOF in request.environ:
            answer.headers["DPoP-Nonce"] = self.possession.proofs.nonces.current()
        return answer

    @property
    def scope(self) -> str:
        """The scope of receiving signals."""
        return self.library.current().catalogue.services[OUR_SERVICE].actions[RECEIVE].scope


def _ask(client: Client, token: str) -> Ask:
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject=client.id,
        enterprise=client.enterprise,
        capacity=client.capacity,
        service=OUR_SERVICE,
        action=RECEIVE,
        concerned=client.enterprise,
    )
    return Ask(question=question, caller=client.id, caller_token=token)


def _not_active() -> ProblemAnswer:
    detail = "The calling client or its access token is no longer active."
    return ProblemAnswer(challenges.invalid_access_token("caller_not_active", detail))
