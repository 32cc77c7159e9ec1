"""What outcomes teach: a tier that does worse than predicted is trusted less, and few outcomes teach nothing."""

from dataclasses import replace

import numpy as np
import pytest

from routing.learned import Correction, corrected
from routing.models import ArtefactError, pack, packaged, unpack
from routing.reading import read
from routing.training.outcomes import LEAST, Outcome, learned, recalibration
from routing.values import Need, Task, Tier

TEXT = "Which enzyme is absent in this disorder of the urea cycle?"


def outcomes(count: int, *, worse_by: float = 0.0, kind: str = "thumb", tier: Tier = Tier.R1_32B) -> list[Outcome]:
    """Answers of one tier, well in practice as often as predicted, less `worse_by`."""
    chance = np.random.default_rng(5)
    made = []
    for number in range(count):
        well = float(chance.uniform(0.5, 0.95))
        value = float(chance.random() < well - worse_by)
        made.append(Outcome(f"{tier.label}-{number}", tier=tier, task=Task.NOTE, kind=kind, value=value, well=well))
    return made


def test_a_tier_that_does_worse_than_predicted_is_trusted_less() -> None:
    small, middle, large = learned(outcomes(600, worse_by=0.25))
    assert (small.outcomes, middle.outcomes, large.outcomes) == (600, 0, 0)
    assert small.seen < small.predicted - 0.15
    for chance in (0.6, 0.75, 0.9):
        assert small.correction.of(chance) < chance - 0.08
    assert middle.correction == large.correction == Correction()


def test_a_tier_that_does_as_predicted_stays_nearly_as_it_was() -> None:
    correction = learned(outcomes(3000))[0].correction
    assert all(abs(correction.of(chance) - chance) < 0.04 for chance in (0.5, 0.7, 0.9))


def test_few_outcomes_change_nothing_and_some_change_less_than_many() -> None:
    few, some, many = [learned(outcomes(n, worse_by=0.3))[0].correction for n in (LEAST - 1, LEAST, 4000)]
    assert few == Correction()
    assert 0.8 > some.of(0.8) > many.of(0.8)
    assert recalibration(learned(outcomes(LEAST - 1, worse_by=0.3))) is None


def test_what_is_only_noted_when_it_fails_teaches_nothing() -> None:
    """Else an answer cut at its limit, noted in one of a thousand, would say that the tier always fails."""
    cut = [replace(one, kind="failed_check", value=0.0) for one in outcomes(1000)]
    assert learned(cut)[0].outcomes == 0
    assert learned([*cut, *outcomes(300)])[0].outcomes == 300


def test_an_override_says_nothing_of_the_model_as_the_level_comes_from_rules() -> None:
    assert learned([replace(one, kind="override") for one in outcomes(1000, worse_by=0.4)])[0].outcomes == 0


def test_of_one_answer_the_strongest_evidence_counts_once() -> None:
    thumbs = outcomes(400)
    checks = [replace(one, kind="failed_check", value=1 - one.value) for one in thumbs]
    assert learned([*checks, *thumbs]) == learned(thumbs)


def test_drafts_that_were_signed_and_drafts_that_were_asked_for_anew_are_counted_together() -> None:
    signed = [replace(one, kind="edit", value=0.9) for one in outcomes(300)]
    redone = [replace(one, call=f"r{one.call}", kind="escalation", value=0.0) for one in outcomes(100)]
    assert learned([*signed, *redone])[0].outcomes == 400
    assert learned(redone)[0].outcomes == 0


def test_the_same_outcomes_in_any_order_make_the_same_bytes() -> None:
    made = outcomes(500, worse_by=0.2)
    first, second = [
        pack(replace(packaged(), recalibration=recalibration(learned(some)))) for some in (made, made[::-1])
    ]
    assert first == second


def test_the_artefact_carries_the_correction_and_one_without_is_what_it_was() -> None:
    plain = pack(replace(packaged(), recalibration=None))
    assert unpack(plain).recalibration is None
    assert pack(unpack(plain)) == plain
    taught = replace(packaged(), recalibration=recalibration(learned(outcomes(1000, worse_by=0.25))))
    before, after = read(TEXT, models=unpack(plain)).need, read(TEXT, models=unpack(pack(taught))).need
    assert after.well[Tier.R1_32B] < before.well[Tier.R1_32B]
    assert after.lost[Tier.R1_32B] > before.lost[Tier.R1_32B]
    assert after.well[Tier.R1_70B] == before.well[Tier.R1_70B]
    assert after.differ == before.differ


@pytest.mark.parametrize("wrong", [[[1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]], [[1.0, float("nan")]] * 3])
def test_a_correction_of_another_shape_is_refused(wrong: list[list[float]]) -> None:
    with pytest.raises(ArtefactError, match="recalibration"):
        unpack(pack(replace(packaged(), recalibration=np.array(wrong, dtype=np.float32))))


def test_a_correction_can_be_taken_out_again() -> None:
    correction = Correction(0.7, -0.4)
    assert [correction.undone(correction.of(chance)) for chance in (0.05, 0.5, 0.97)] == pytest.approx(
        [0.05, 0.5, 0.97]
    )


def test_what_is_lost_stays_a_chance() -> None:
    need = Need(
        well={Tier.R1_32B: 0.9, Tier.R1_70B: 0.9, Tier.R1_671B: 0.95},
        lost={Tier.R1_32B: 0.1, Tier.R1_70B: 0.05, Tier.R1_671B: 0.0},
        differ=0.2,
    )
    after = corrected(
        need, {Tier.R1_32B: Correction(1, -2), Tier.R1_70B: Correction(), Tier.R1_671B: Correction(1, -2)}
    )
    assert all(0 <= after.lost[tier] <= min(1 - after.well[tier], after.well[Tier.R1_671B]) for tier in Tier)
    assert after.lost[Tier.R1_671B] == 0
    assert corrected(need, {}) is need
