"""Routes: operations declared in one line each, from which their checks, their answers and their description follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, Unpack

from flask import Blueprint, Flask, Response, current_app

from iam.domain.errors import Refusal
from iam.web import inputs, limits, markers, preconditions
from iam.web.models import Output
from iam.web.operations import Declared, Operation, declare
from iam.web.preconditions import Produced, Remember

View = TypeVar("View", bound=Callable[..., Any])

_EXTENSION: Final = "procura.remember"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view returns when the body alone does not say it all.

    ``status`` may be left out where the operation declares one. ``location`` is the path of what was made,
    ``version`` the number that becomes the entity tag.
    """

    body: Output | None = None
    status: int | None = None
    location: str | None = None
    version: int | None = None


def install(app: Flask, remember: Remember) -> None:
    """Give the operations of ``app`` the memory for their idempotency keys."""
    app.extensions[_EXTENSION] = remember


class Api:
    """A group of operations under one tag, to be registered with ``app.register_blueprint(api.blueprint)``.

    A view carries ``@requires(…)`` or ``@public(…)`` below its declaration. Its parameters are exactly those that
    follow from the declaration, by name: ``caller`` (unless public), each parameter of the path with the type it is
    read into, ``body``, ``query``, and ``version`` in a versioned write. It returns an instance of the declared
    answer, an Answer around one, or None where the answer has no body.
    """

    def __init__(self, tag: str, *, prefix: str = "", about: str = "", security: tuple[str, ...] = ("bearer",)) -> None:
        self.tag = tag
        self.about = about
        self.prefix = prefix
        self.security = security
        self.blueprint = Blueprint(tag.lower().replace(" ", "_"), __name__, url_prefix=prefix or None)
        self.operations: list[Operation] = []

    def get(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        """Declare an operation that reads. Raises ValueError as `operations.declare`."""
        return lambda view: self._add("GET", path, declared, view)

    def post(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        """Declare an operation that makes or does something. Raises ValueError as `operations.declare`."""
        return lambda view: self._add("POST", path, declared, view)

    def put(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        """Declare an operation that replaces. Raises ValueError as `operations.declare`."""
        return lambda view: self._add("PUT", path, declared, view)

    def patch(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        """Declare an operation that changes. Raises ValueError as `operations.declare`."""
        return lambda view: self._add("PATCH", path, declared, view)

    def delete(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        """Declare an operation that ends something. Raises ValueError as `operations.declare`."""
        return lambda view: self._add("DELETE", path, declared, view)

    def _add(self, method: str, path: str, declared: Declared, view: View) -> View:
        marker = markers.the_marker_of(view)
        address = self.prefix + path
        operation = declare(method, address, view, declared, marker=marker, tag=self.tag, security=self.security)

        def served(**path_texts: str) -> Response:
            return _serve(operation, view, path_texts)

        served.__name__ = view.__name__
        markers.mark(served, marker)
        limits.set_largest_body(served, declared.get("max_body"))
        self.blueprint.add_url_rule(
            path, view.__name__, served, methods=[method], provide_automatic_options=False, strict_slashes=True
        )
        self.operations.append(operation)
        return view


def _serve(operation: Operation, view: Callable[..., Any], path_texts: dict[str, str]) -> Response:
    """Read what was sent, do it (once, where a key asks so), and write the answer."""
    key = preconditions.idempotency_key() if operation.idempotent else None
    arguments = _arguments(operation, path_texts)

    def produce() -> Produced:
        return _produced(operation, _done(operation, view, arguments))

    if key is None:
        return produce().response()
    remember: Remember = current_app.extensions[_EXTENSION]
    asked = preconditions.request_hash(arguments.get("body"))
    return remember(key, markers.caller(), asked, produce).response()


def _done(operation: Operation, view: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What the view returns; a refusal names an input as the caller sent it."""
    try:
        return view(**arguments)
    except Refusal as refusal:
        place = operation.fields.get(refusal.field or "")
        if place is not None:
            raise refusal.at(place) from None
        raise


def _arguments(operation: Operation, path_texts: dict[str, str]) -> dict[str, Any]:
    """What the view takes, by name."""
    arguments = inputs.read_path(operation.path_readers, path_texts)
    query = inputs.read_query(operation.query_reader)
    if operation.query:
        arguments["query"] = query
    if operation.needs_version:
        arguments["version"] = preconditions.version_seen()
    if operation.body:
        arguments["body"] = inputs.read_body(operation.body)
    else:
        limits.refuse_body()
    if not operation.public:
        arguments["caller"] = markers.caller()
    return arguments


def _produced(operation: Operation, returned: Output | Answer | None) -> Produced:
    """The answer of a view, which must be one that its operation declares. Raises TypeError."""
    answer = returned if isinstance(returned, Answer) else Answer(returned)
    status = answer.status or min(operation.answers)
    model = operation.answers.get(status)
    if status not in operation.answers or type(answer.body) is not (model or type(None)):
        raise TypeError(f"{operation.name} answers {status} {type(answer.body).__name__}, which it does not declare")
    headers = [("Location", answer.location)] if answer.location else []
    if answer.version is not None:
        headers.append(("ETag", preconditions.etag(answer.version)))
    body = answer.body.model_dump_json().encode() if answer.body else b""
    return Produced(status, body, tuple(headers))
