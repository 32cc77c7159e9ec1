"""Writes artefacts/variants.txt: each traditional or variant character with its simplified one, as OpenCC has them.

`python -m routing.training.variants > routing/artefacts/variants.txt` (OpenCC is a development dependency).
"""

import sys

from opencc import OpenCC

FIRST, LAST = 0x3400, 0x9FFF


def pairs() -> str:
    """Two characters a pair, in the order of their code points."""
    simplified = OpenCC("t2s")
    found = ((chr(point), simplified.convert(chr(point))) for point in range(FIRST, LAST + 1))
    return "".join(old + new for old, new in found if old != new and len(new) == 1 and ord(new) <= LAST)


if __name__ == "__main__":
    sys.stdout.write(pairs() + "\n")
