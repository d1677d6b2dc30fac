"""What letters say, in the language of whom they go to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Protocol

from iam.domain.foreign_identities import RequestContact
from iam.ports import UnitOfWork


class Post(Protocol):
    """Takes messages that go once the change is durable."""

    def email(self, uow: UnitOfWork, address: str, subject: str, text: str) -> None:
        """Record an e-mail with a change."""
        ...

    def sms(self, uow: UnitOfWork, number: str, text: str) -> None:
        """Record a short message with a change."""
        ...


class LetterWriter:
    """Writes letters to who waits for an officer."""

    def __init__(self, post: Post, base_url: str) -> None:
        """`base_url` is our own, without a slash at the end."""
        self._post = post
        self._base_url = base_url

    def email(self, uow: UnitOfWork, contact: RequestContact, kind: str, path: str, **values: str) -> None:
        """An e-mail of a kind, which leads to a page of ours. KeyError for a kind or value that is missing."""
        said = letters()[kind]
        text = said["text"][contact.language].strip().format(address=self._base_url + path, **values)
        self._post.email(uow, contact.email, said["subject"][contact.language], text)

    def sms(self, uow: UnitOfWork, contact: RequestContact, kind: str, **values: str) -> None:
        """A short message of a kind. KeyError for a kind or value that is missing."""
        self._post.sms(uow, contact.phone, letters()[kind]["short"][contact.language].format(**values))


@lru_cache(maxsize=1)
def letters() -> Mapping[str, Any]:
    """All letters by kind: subject, text and short message by language."""
    return tomllib.loads(files("iam.services").joinpath("letters.toml").read_text(encoding="utf-8"))
