"""Which variant wins, by counts alone."""

import pytest

from apps.core.statistics import Z, critical, rate_difference
from apps.messaging.lots import sample_size
from apps.messaging.trials import Arm, Choice, choose, is_clear, leader, margins


def arms(*counts):
    return [Arm(variant, sent, hits) for variant, (hits, sent) in enumerate(counts)]


class TestChoose:
    @pytest.mark.parametrize(
        ("counts", "confidence", "won"),
        [
            ([(1, 10), (2, 10)], 0, Choice(1, has_won=True)),
            ([(1, 10), (2, 10)], 80, None),
            ([(100, 1000), (160, 1000)], 95, Choice(1, has_won=True)),
            ([(100, 1000), (160, 1000), (159, 1000)], 95, None),  # ahead of one, level with another
            ([(2, 10), (2, 10)], 0, None),
            ([(1, 3), (2, 6)], 0, None),  # the same share of different numbers
            ([(0, 10), (0, 10)], 0, None),
            ([(0, 0), (0, 0)], 0, None),
            ([(3, 10), (0, 0)], 0, Choice(0, has_won=True)),
            ([(3, 10), (0, 0)], 80, None),  # nobody to compare it with
        ],
    )
    def test_takes_the_leader_if_it_is_one(self, counts, confidence, won):
        chosen = choose(arms(*counts), confidence_percent=confidence, sends_best=False)

        assert chosen == (won or Choice(None, has_won=False))

    @pytest.mark.parametrize(
        ("counts", "variant"),
        [([(1, 10), (2, 10)], 1), ([(2, 10), (2, 10)], 0), ([(0, 0), (0, 0)], 0), ([], 0)],
    )
    def test_sends_what_comes_first_where_something_must_be_sent(self, counts, variant):
        chosen = choose(arms(*counts), confidence_percent=95, sends_best=True)

        assert chosen == Choice(variant, has_won=False)


class TestMargins:
    def test_of_two_variants_are_the_plain_intervals(self):
        first, second = arms((10, 100), (25, 100))

        assert margins(second, [first, second]) == {0: rate_difference(25, 100, 10, 100, z=critical(0.95))}

    def test_of_three_are_wider_for_there_are_three_pairs(self):
        found = arms((10, 100), (25, 100), (12, 100))

        plain = rate_difference(25, 100, 10, 100)
        wider = margins(found[1], found)[0]

        assert wider.low < plain.low < plain.high < wider.high
        assert round(critical(0.95), 12) == round(Z, 12)
        assert round(critical(0.95, comparisons=3), 4) == 2.3940  # 1 - 0.05 / 6 of the normal distribution

    def test_alone_nothing_is_clear(self):
        [only] = arms((5, 10))

        assert leader([only]) == only
        assert not is_clear(only, [only])


@pytest.mark.parametrize(
    ("people", "percent", "size"),
    [(0, 20, 0), (1, 20, 1), (2, 20, 2), (3, 20, 3), (4, 20, 3), (100, 20, 20), (101, 20, 21), (7, 100, 7)],
)
def test_a_sample_has_one_of_each_variant_while_there_are_people(people, percent, size):
    assert sample_size(people, percent=percent, variants=3) == size
