import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantumbattery.pair.thermodynamics import part, tiles


@given(st.lists(st.integers(1, 7), max_size=4), st.integers(1, 50))
def test_tiles_cover_every_element_once(shape, size):
    seen = np.zeros(shape, dtype=int)
    for tile in tiles(shape, size):
        seen[tile] += 1
        assert seen[tile].size <= size
    assert (seen == 1).all()


def test_part_takes_what_a_tile_needs():
    array = np.arange(3.0).reshape(3, 1)
    assert part(array, (slice(1, 2), slice(5, 9))).tolist() == [[1.0]]
