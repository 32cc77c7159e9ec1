"""Every threshold of the packs at its edge; the Chinese standard against its table, written here by hand."""

import pytest

from hospital_hub.clinical.indicators import Context, vital_indicators
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import PACKS, Pack, PackError, Threshold, load_pack, parse_pack
from hospital_hub.clinical.vital_signs import Sign, VitalSigns

CN, ESI = load_pack("cn-2018"), load_pack("esi")
# By hand after the table of the consensus: sign, value, level of this value alone for an adult.
CN_EDGES = [
    *[
        (Sign.HEART_RATE, value, level)
        for value, level in ((39, "I"), (40, "II"), (50, "II"), (51, "III"), (54, "III"))
    ],
    *[(Sign.HEART_RATE, value, level) for value, level in ((55, None), (100, None), (101, "III"), (149, "III"))],
    *[(Sign.HEART_RATE, value, level) for value, level in ((150, "II"), (180, "II"), (181, "I"))],
    *[(Sign.SYSTOLIC, value, level) for value, level in ((69, "I"), (70, "II"), (80, "II"), (81, "III"), (89, "III"))],
    *[
        (Sign.SYSTOLIC, value, level)
        for value, level in ((90, None), (179, None), (180, "III"), (200, "III"), (201, "II"))
    ],
    *[
        (Sign.SPO2, value, level)
        for value, level in ((79, "I"), (80, "II"), (90, "II"), (91, "III"), (94, "III"), (95, None))
    ],
    *[(Sign.TEMPERATURE, value, level) for value, level in ((41.1, "I"), (41.0, "III"), (39.0, "III"), (38.9, None))],
    *[(Sign.TEMPERATURE, value, level) for value, level in ((35.0, None), (34.9, "II"), (32.0, "II"), (31.9, "I"))],
    *[
        (Sign.GCS, value, level)
        for value, level in ((8, "I"), (9, "II"), (12, "II"), (13, "III"), (14, "III"), (15, None))
    ],
    *[(Sign.PAIN, value, level) for value, level in ((3, None), (4, "III"), (6, "III"), (7, "II"), (10, "II"))],
    *[(Sign.GLUCOSE, value, level) for value, level in ((3.3, "I"), (3.4, "III"), (3.9, None), (16.7, None))],
    *[(Sign.GLUCOSE, value, level) for value, level in ((16.8, "III"), (22.2, "III"), (22.3, "II"))],
    *[
        (Sign.RESPIRATORY_RATE, value, level)
        for value, level in ((7, "I"), (8, "II"), (9, "II"), (10, None), (20, None))
    ],
    *[(Sign.RESPIRATORY_RATE, value, level) for value, level in ((21, "III"), (30, "III"), (31, "II"))],
]


@pytest.mark.parametrize(("sign", "value", "level"), CN_EDGES)
def test_edges_of_the_chinese_standard(sign: Sign, value: float, level: str | None) -> None:
    found = vital_indicators(VitalSigns.of({sign: value}), pack=CN, context=Context(age=40))
    assert [one.level and one.level.name for one in found] == ([] if level is None else [level])


def thresholds() -> list[tuple[Pack, Threshold]]:
    return [(pack, edge) for pack in (CN, ESI) for edge in pack.thresholds]


@pytest.mark.parametrize(("pack", "edge"), thresholds(), ids=[f"{pack.id}-{edge.id}" for pack, edge in thresholds()])
def test_each_threshold_at_above_and_below_its_edge(pack: Pack, edge: Threshold) -> None:
    step = 0.1 if edge.sign in {Sign.TEMPERATURE, Sign.GLUCOSE} else 1
    beyond, within = edge.edge + step, edge.edge - step
    if edge.comparison in {"below", "at_most"}:
        beyond, within = within, beyond
    age = next(age for age in (40, 0.1, 2, 10) if edge.fits(age))

    def level(value: float) -> Level:
        signs = VitalSigns.of({edge.sign: round(value, 2)})
        found = vital_indicators(signs, pack=pack, context=Context(age=age))
        assert not signs.doubtful
        return min((one.level for one in found if one.level), default=Level.IV)

    assert level(beyond) <= edge.level
    assert (level(edge.edge) <= edge.level) is (
        edge.comparison in {"at_least", "at_most"} or level(edge.edge) < edge.level
    )
    assert edge.met(beyond)
    assert not edge.met(within)
    assert edge.met(edge.edge) is edge.comparison.startswith("at_")


def test_packs_name_time_limits_sources_and_open_points() -> None:
    for name in PACKS:
        pack = load_pack(name)
        assert (pack.id, pack.minutes[Level.I], pack.minutes[Level.II], pack.minutes[Level.III]) == (name, 0, 10, 30)
        assert "limit-IV" in pack.to_be_confirmed
        assert all(edge.source for edge in pack.thresholds)
    with pytest.raises(PackError, match="manchester"):
        load_pack("manchester")
    with pytest.raises(PackError):
        parse_pack('id = "x"\nsource = "y"\n[[threshold]]\nid = "a"\nsign = "spo2"\nlevel = 2')
