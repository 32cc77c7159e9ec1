"""Which question comes next, what is still to be known, and when an interview is over. Pure.

At most ten questions. Danger signs of the complaint are asked by the fifth at the latest, in the tree's own words
where nobody has asked for them in others.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, zip_longest
from typing import Final

from hospital_hub.clinical.red_flags import find
from hospital_hub.clinical.text import readable
from hospital_hub.triage.asked import COMPLAINT, DANGER, Exchange, History
from hospital_hub.triage.question_tree import Group, Topic, Tree, TreeQuestion

MOST: Final = 10
DANGER_BY: Final = 5
MOST_DANGERS: Final = 4
PREGNANCY: Final = "pregnancy"


@dataclass(frozen=True)
class Plan:
    """`needed` are topics in their order; `question` is the tree's own; `due` says that no other may come first."""

    number: int
    needed: tuple[str, ...]
    question: TreeQuestion | None
    due: bool

    def enough(self, tree: Tree) -> bool:
        """Whether a model may end the interview here."""
        return not tree.indispensable & set(self.needed)


def plan(history: History, tree: Tree) -> Plan:
    """What is to be asked now that all questions before are answered."""
    state, number = _State(history, tree), len(history.exchanges) + 1
    needed = state.within(MOST + 1 - number)
    if not needed:
        return Plan(number, (), None, due=False)
    due = needed[0] == DANGER and number + len(state.dangers) > DANGER_BY
    return Plan(number, needed, state.question(needed[0]), due=due)


@lru_cache(maxsize=1024)
def rules_of(statement: str) -> frozenset[str]:
    """Ids of the red flags that a statement raises."""
    return frozenset(flag.rule for flag in find(statement))


@dataclass(frozen=True)
class _State:
    """What is known at one moment of an interview."""

    history: History
    tree: Tree

    @cached_property
    def about(self) -> str:
        """What tells the kind of complaint."""
        named = (one.answer or "" for one in self.history.answers if one.form.topic == COMPLAINT)
        return "。".join([self.history.complaint, *named])

    @cached_property
    def said(self) -> str:
        """All free words, in the clean form that patterns read."""
        words = (one.answer or "" for one in self.history.answers if one.answer not in one.form.options)
        return readable("\n".join([self.about, *words])).clean

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        return self.tree.groups_of(self.about)

    @cached_property
    def dangers(self) -> list[TreeQuestion]:
        """Danger questions of the groups in turn that nobody has asked yet, in other words either."""
        in_turn = chain.from_iterable(zip_longest(*(group.danger for group in self.groups)))
        wanted = list(dict.fromkeys(name for name in in_turn if name is not None))[:MOST_DANGERS]
        heard = set(chain.from_iterable(_raised_by_yes(one) for one in self.history.exchanges))
        asked = {one.form.question for one in self.history.exchanges}
        questions = (self.tree.questions[name] for name in wanted if name not in asked)
        return [one for one in questions if not rules_of(one.says[self.history.language]) <= heard]

    def within(self, room: int) -> tuple[str, ...]:
        """The topics that are needed, as many as the questions that are left allow."""
        kept = [topic.id for topic in self.tree.topics.values() if self._needs(topic)] if room > 0 else []
        more = max(len(self.dangers) - 1, 0)
        for topic in self.tree.dispensable:
            if topic in kept and len(kept) + more > room:
                kept.remove(topic)
        return tuple(kept)

    def _needs(self, topic: Topic) -> bool:
        if topic.id == DANGER:
            return bool(self.dangers)
        asked = any(one.form.topic == topic.id for one in self.history.exchanges)
        if asked or topic.id in self._left_out or topic.known.search(self.said):
            return False
        if topic.id == COMPLAINT:
            complaint = readable(self.history.complaint).clean.strip()
            return bool(self.tree.words["vague"].fullmatch(complaint))
        return topic.id != PREGNANCY or self._pregnancy_matters

    @property
    def _left_out(self) -> frozenset[str]:
        """Topics without sense for every kind that the complaint belongs to."""
        return frozenset.intersection(*(group.leaves_out for group in self.groups))

    @property
    def _pregnancy_matters(self) -> bool:
        never = any(PREGNANCY in group.leaves_out for group in self.groups)
        may_be = not self.tree.words["not_pregnant"].search(self.said)
        return may_be and not never and any(group.pregnancy for group in self.groups)

    def question(self, topic: str) -> TreeQuestion:
        if topic == DANGER:
            return self.dangers[0]
        hurts = bool(self.tree.words["pain"].search(self.said))
        if topic == "severity" and hurts:
            return self.tree.questions["severity-pain"]
        if topic == PREGNANCY:
            named = ((group.pregnancy_pain if hurts else group.pregnancy) for group in self.groups)
            own = (name for name in named if name not in {"", PREGNANCY})
            return self.tree.questions[next(own, PREGNANCY)]
        return self.tree.questions[topic]


def _raised_by_yes(exchange: Exchange) -> frozenset[str]:
    return rules_of(exchange.form.says[0]) if exchange.form.kind == "yes_no" else frozenset()
