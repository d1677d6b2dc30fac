"""Every book is kept as one text with its hash, and a past question is judged by the book of its time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from iam.domain.assurance import Assurance
from iam.domain.errors import NotFound
from iam.ports import Law, Library
from policies.book import Book, read_book
from policies.engine import CasbinLaw
from policies.library import SHELF, LawLibrary
from policies.pages import BookRefused
from tests.policies.questions import BOOK, RULES, TODAY

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PERMITTED = next(rule for rule in RULES if rule.id == "drs-own")
CURRENT = CasbinLaw(BOOK)


def earlier(number: int = 0) -> Book:
    """An earlier book, in which nobody declared social risks for their own enterprise."""
    texts = {**BOOK.texts, "chapters/social_risks.csv": f"# edition {number}\n"}
    return Book(texts)


def kept(book: Book) -> tuple[str, str]:
    return book.hash, book.to_json()


def permits(law: Law) -> tuple[str, ...]:
    return law.judge(PERMITTED.facts, "drs.accident", "introduce", Assurance.HIGH, TODAY).permits


def test_a_book_comes_back_from_its_text_with_the_same_hash() -> None:
    again = Book.from_json(BOOK.to_json())
    assert (again, again.hash) == (BOOK, BOOK.hash)
    assert Book(dict(reversed(list(BOOK.texts.items())))).hash == BOOK.hash
    assert BOOK.to_json().isascii()


@pytest.mark.parametrize("name", sorted(BOOK.texts))
def test_any_change_of_a_text_changes_the_hash(name: str) -> None:
    assert Book({**BOOK.texts, name: BOOK.texts[name] + "\n"}).hash != BOOK.hash


@pytest.mark.parametrize("text", ["", "[]", "null", '{"model.conf": 1}', "{"])
def test_a_kept_text_that_is_no_book_is_refused(text: str) -> None:
    with pytest.raises(BookRefused):
        Book.from_json(text)


def test_a_question_known_in_the_past_is_judged_by_the_book_of_then() -> None:
    library: Library = LawLibrary(CURRENT, lambda instant: kept(earlier() if instant < NOW else BOOK))
    assert permits(library.current()) == ("drs-own",)
    assert library.known_at(NOW) is library.current()
    past = library.known_at(datetime(2025, 1, 1, tzinfo=UTC))
    assert past.hash == earlier().hash
    assert permits(past) == ()


def test_a_book_of_record_is_read_once() -> None:
    library = LawLibrary(CURRENT, lambda instant: kept(earlier()))
    assert library.known_at(NOW) is library.known_at(NOW)


def test_the_shelf_holds_a_few_books_and_the_longest_unread_gives_way() -> None:
    books = [earlier(number) for number in range(SHELF + 1)]
    library = LawLibrary(CURRENT, lambda instant: kept(books[instant.minute]))
    first, second = library.known_at(NOW.replace(minute=0)), library.known_at(NOW.replace(minute=1))
    for minute in range(2, SHELF):
        library.known_at(NOW.replace(minute=minute))
    assert library.known_at(NOW.replace(minute=0)) is first
    library.known_at(NOW.replace(minute=SHELF))
    assert library.known_at(NOW.replace(minute=0)) is first
    assert library.known_at(NOW.replace(minute=1)) is not second


def test_a_kept_text_that_was_edited_is_refused() -> None:
    hashed, text = kept(earlier())
    edited = text.replace("edition 0", "edition 9")
    with pytest.raises(BookRefused, match=hashed):
        LawLibrary(CURRENT, lambda instant: (hashed, edited)).known_at(NOW)


def test_a_book_of_record_may_lack_what_today_asks_of_a_new_one() -> None:
    texts = json.loads(BOOK.to_json())
    texts["reasons.toml"] = texts["reasons.toml"].split("[declaration_too_old]")[0]
    with pytest.raises(BookRefused):
        CasbinLaw(Book(texts))
    law = CasbinLaw(Book(texts), of_record=True)
    assert permits(law) == ("drs-own",)


def test_an_instant_without_a_book_is_refused_as_the_archive_says() -> None:
    def nothing(instant: datetime) -> tuple[str, str]:
        raise NotFound("not_found", "No book was in use at that instant.")

    with pytest.raises(NotFound):
        LawLibrary(CURRENT, nothing).known_at(NOW)


def test_the_folder_is_read_anew_each_time() -> None:
    assert read_book() == BOOK
