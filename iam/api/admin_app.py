"""The administration API as one Flask application: its operations, its guard and its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Flask

from iam.api import languages
from iam.api.activation_codes import activation_codes_api
from iam.api.activations import activations_api
from iam.api.appointments import appointments_api
from iam.api.callers import Guard
from iam.api.clients import clients_api
from iam.api.collaborators import Collaborators
from iam.api.delegations import delegations_api
from iam.api.description import description_blueprint
from iam.api.enterprises import enterprises_api
from iam.api.entry_proposals import entry_proposals_api
from iam.api.foreign_enterprises import foreign_enterprises_api
from iam.api.grants import grants_api
from iam.api.health import health_api
from iam.api.identities import identities_api
from iam.api.invitations import invitations_api
from iam.api.joint_acts import joint_acts_api
from iam.api.mandates import mandates_api
from iam.api.mandator_groups import mandator_groups_api
from iam.api.me import me_api
from iam.api.migrations import migrations_api
from iam.api.office import office_api
from iam.api.portfolios import portfolios_api
from iam.api.registration_tokens import registration_tokens_api
from iam.api.remembering import remember_in
from iam.web import errors, headers, limits, markers, routes
from iam.web.routes import Api

SUBJECTS: Final[tuple[Callable[[Collaborators], Api], ...]] = (
    me_api,
    enterprises_api,
    appointments_api,
    invitations_api,
    entry_proposals_api,
    grants_api,
    mandator_groups_api,
    portfolios_api,
    clients_api,
    registration_tokens_api,
    mandates_api,
    delegations_api,
    activations_api,
    joint_acts_api,
    office_api,
    identities_api,
    activation_codes_api,
    foreign_enterprises_api,
    migrations_api,
    health_api,
)


def create_admin_app(parts: Collaborators) -> Flask:
    """The application, to which other doors may add their blueprints.

    Raises ValueError when operations do not hold together.
    """
    app = Flask("procura", static_folder=None)
    headers.install(app, parts.hosts, parts.randomness, https=parts.base_url.startswith("https://"))
    limits.install(app)
    markers.install(app, Guard(parts.judge, parts.library, parts.clients.find, parts.verify_bearer, parts.login))
    errors.install(app, parts.randomness)
    languages.install(app, parts.library)
    routes.install(app, remember_in(parts.once))
    apis = [subject(parts) for subject in SUBJECTS]
    for api in apis:
        app.register_blueprint(api.blueprint)
    app.register_blueprint(description_blueprint(parts, apis))
    return app
