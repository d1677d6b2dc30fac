"""The portal: the pages of all rooms as one Flask application, beside that of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, current_app, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from iam.ports import Randomness
from iam.web import browser, csrf, error_pages, headers, limits, markers, pages, written_out
from iam.web.assets import PREFIX, Assets
from iam.web.texts import FILE, LANGUAGE_COOKIE, LANGUAGES, Texts, chosen_language, read_texts

_OWN_ROOM: Final = Path(__file__).parent
_ONE_YEAR: Final = 31_536_000
ROUTERS_REDIRECT: Final = 308
"""The status by which the router leads to an address with its last slash; it names no scheme, which a proxy decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalParts:
    """What the portal works with."""

    base_url: str
    """Scheme, host and perhaps port under which browsers reach it; it answers for no other host."""
    randomness: Randomness
    guard: markers.Guard
    present: Callable[[], object]
    """Who is logged in, as the head of each page tells it; None for nobody. Pages of failures do not ask."""


def create_portal(parts: PortalParts, blueprints: Iterable[Blueprint]) -> Flask:
    """The application with the pages of these blueprints.

    The package of each blueprint is a room: its `templates`, `static` and `texts.toml`, and those of the packages
    around it, belong to the portal's.

    Raises FaultyTexts, and ValueError when two rooms have a file of the same name.
    """
    views = list(blueprints)
    rooms = list(dict.fromkeys([_OWN_ROOM, *(room for view in views for room in rooms_of(view))]))
    texts = read_texts(room / FILE for room in rooms if (room / FILE).is_file())
    assets = Assets(room / "static" for room in rooms if (room / "static").is_dir())
    app = Flask("procura.portal", static_folder=None, template_folder=None)
    https = parts.base_url.startswith("https://")
    headers.install(app, [urlsplit(parts.base_url).netloc], parts.randomness, https=https)
    limits.install(app)
    browser.install(app)
    csrf.install(app, pages.origin_of(parts.base_url))
    markers.install(app, parts.guard)
    error_pages.install(app, parts.randomness)
    _set_up_templates(app, [room / "templates" for room in rooms])
    app.context_processor(lambda: _offered(parts, texts, assets))
    app.after_request(_completed)
    for blueprint in (assets.blueprint(), *views):
        app.register_blueprint(blueprint)
    return app


def rooms_of(blueprint: Blueprint) -> Iterator[Path]:
    """The package in which a blueprint was made, and those around it."""
    folder = Path(blueprint.root_path)
    while (folder / "__init__.py").is_file():
        yield folder
        folder = folder.parent


def _set_up_templates(app: Flask, folders: Iterable[Path]) -> None:
    app.jinja_options = {"undefined": StrictUndefined}
    app.jinja_env.loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders if folder.is_dir()])
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["capitalize_first"] = written_out.capitalize_first
    app.jinja_env.filters["cbe"] = written_out.cbe
    app.jinja_env.filters["moment"] = written_out.moment


def _offered(parts: PortalParts, texts: Texts, assets: Assets) -> dict[str, Any]:
    """What every template can use."""
    language = chosen_language(request)
    say = partial(texts.say, language)

    def of(family: str, code: str, otherwise: str | None = None, **values: object) -> str:
        """The text of one code of a closed vocabulary."""
        key = f"{family}.{code}"
        return say(otherwise if otherwise is not None and key not in texts else key, **values)

    return {
        "t": say,
        "t_of": of,
        "has_text": texts.__contains__,
        "language": language,
        "languages": [(code, name, _in_language(code)) for code, name in LANGUAGES.items()],
        "asset": assets.address,
        "has_page": lambda path: any(rule.rule == path for rule in current_app.url_map.iter_rules()),
        "csrf_field": csrf.field,
        "present": parts.present,
    }


def _in_language(language: str) -> str:
    """The address of the present page in another language; of a page that answers a form, the first page."""
    path = request.path if request.method in ("GET", "HEAD") and request.url_rule is not None else "/"
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"] if path != "/" else []
    return f"{path}?{urlencode([*asked, ('lang', language)])}"


def _completed(response: Response) -> Response:
    """Pages are for one reader: not kept by caches between us and the browser, framed by nobody, told to nobody."""
    if request.path.startswith(f"{PREFIX}/") and response.status_code == 200:
        return response
    response.headers.setdefault(pages.POLICY_HEADER, pages.content_policy())
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Content-Language", chosen_language(request))
    response.vary.update(["Cookie", "Accept-Language"])
    if response.status_code == ROUTERS_REDIRECT:
        response.headers["Location"] = response.headers["Location"].removeprefix(request.host_url.rstrip("/"))
    asked = request.args.get("lang")
    if asked is not None and asked in LANGUAGES and asked != request.cookies.get(LANGUAGE_COOKIE):
        response.set_cookie(LANGUAGE_COOKIE, asked, _ONE_YEAR, secure=True, httponly=True, samesite="Lax")
    return response
