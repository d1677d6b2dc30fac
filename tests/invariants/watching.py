"""What must hold after each act, after each step, and at the end of a story, whoever tells it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import note
from hypothesis.control import currently_in_test_context

from iam.domain.audit import verify_chain
from iam.domain.mandates import Mandate
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.shapes import SHAPES
from tests.invariants.answers import Answers
from tests.invariants.chains import Chains
from tests.invariants.chronicle import Step, present
from tests.invariants.genesis import Story
from tests.invariants.mandate_laws import check_hand_over, check_mandates
from tests.invariants.monotony import check_monotony
from tests.invariants.orphans import orphans, orphans_in_sql
from tests.invariants.pairwise import check_pairwise
from tests.invariants.questions import Questioner, put
from tests.invariants.reach import Collusion
from tests.invariants.tenancy import check_tenancy


class Watch:
    """All checks of one story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.answers = Answers(story)
        self._chains = Chains(story)
        self._asker = Questioner(story, Random(1))
        self.probes = self._asker.several(25)
        self._seen = 0
        story.watchers += [told, check_tenancy, self._check_mandates]
        if len(story.houses) == 1:  # these look at the first house alone
            story.watchers.append(self._check_monotony)
            story.late_watchers.append(Collusion(story).watch)

    def _check_monotony(self, step: Step) -> None:
        check_monotony(self.story, step, self.probes)

    def _check_mandates(self, step: Step) -> None:
        check_mandates(step, self.story.entitled)
        if step.refused or not step.act.startswith("mandate_validated"):
            return
        for old, new in step.changed(Mandate):
            if old and new and new.validated_at and not old.validated_at and new.terms.succeeds:
                succeeded = present(step.after, Mandate, new.terms.succeeds)
                assert succeeded is not None
                check_hand_over(succeeded, new)

    def ask(self, chance: Random, count: int) -> None:
        """Many questions at once."""
        asker = Questioner(self.story, chance)
        self.answers.compare(asker, count)
        self.answers.compare_behind(asker, timedelta(hours=chance.choice([0, 1, 30])), 5)

    def after_step(self) -> None:
        """A few questions; no right without its line; all storages at the same point, for whoever looks."""
        self.story.settle()
        self.answers.compare(self._asker, 5)
        if self._seen == self.story.store.revision:
            return
        self._seen = self.story.store.revision
        with self.story.houses[0].archive.reading() as reading:
            assert list(orphans(reading, self.story.now)) == []
        self._chains.check()
        self._check_point()

    def _check_point(self) -> None:
        first, *others = (house.archive for house in self.story.houses)
        for other in others:
            assert (other.revision(), other.head()) == (first.revision(), first.head()), "the storages part"

    def at_end(self) -> None:
        """Every answer again, the chain, the records of all storages, names, and orphans in SQL."""
        self.story.settle()
        self.answers.ask_again()
        self._change_law()
        self.answers.ask_again()
        check_pairwise(self.story)
        first = self.story.houses[0].archive
        verify_chain(first.leaves(), first.head())
        for house in self.story.houses[1:]:
            assert isinstance(house.archive, SqlArchive)
            self._check_database(house.archive)

    def _change_law(self) -> None:
        """Another book comes into use: what is asked now is answered by it."""
        now = self.story.tick()
        for house in self.story.houses:
            house.library.change(self.story.other_law, now)
            asked = put(self._asker.several(1)[0], now)
            assert house.judge.decide(asked).book == self.story.other_law.hash

    def _check_database(self, archive: SqlArchive) -> None:
        """A stranger who opens the database finds all that was acknowledged, with its leaves, and no orphans."""
        first = self.story.houses[0].archive
        url = archive.engine.url.render_as_string(hide_password=False)
        stranger = open_archive(url, self.story.clock)
        try:
            assert list(stranger.leaves()) == list(first.leaves()), "the audit trails differ"
            with first.reading() as here, stranger.reading() as there:
                for shape in SHAPES:
                    assert there.find(shape.kind) == here.find(shape.kind), shape.table
            assert orphans_in_sql(stranger, self.story.now) == []
        finally:
            stranger.close()


def told(step: Step) -> None:
    """Tell the act where a failing story is printed."""
    if currently_in_test_context():
        note(f"{step.act}: {step.outcome!r}")
