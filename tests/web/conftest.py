"""The tiny service, fresh for each test."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from flask.testing import FlaskClient

from tests.web.tiny_service import TinyService, tiny_service


@pytest.fixture
def service() -> Iterator[TinyService]:
    """A tiny service; afterwards logs go where they went before."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield tiny_service()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def client(service: TinyService) -> FlaskClient:
    """A client that is let in as the enterprise 0206731645."""
    return service.client()
