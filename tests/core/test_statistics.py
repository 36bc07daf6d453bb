"""Against published examples, and against what must hold for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import statistics as stats


class TestRateInterval:
    def test_is_that_of_newcombes_table(self):
        # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
        for hits, n, low, high in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (1, 29, 0.0061, 0.1718),
        ]:
            found = stats.rate_interval(hits, n)
            assert (round(found.low, 4), round(found.high, 4)) == (low, high)

    def test_of_nobody_cannot_be_known(self):
        assert stats.rate_interval(0, 0) is None


class TestRateDifference:
    def test_is_that_of_newcombes_table(self):
        # Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10.
        for counts, low, high in [
            ((56, 70, 48, 80), 0.0524, 0.3339),
            ((9, 10, 3, 10), 0.1705, 0.8090),
            ((5, 56, 0, 29), -0.0381, 0.1926),
        ]:
            found = stats.rate_difference(*counts)
            assert (round(found.low, 4), round(found.high, 4)) == (low, high)

    @given(st.integers(1, 500), st.integers(1, 500), st.data())
    def test_leaves_zero_in_when_the_groups_do_the_same(self, n, times, data):
        hits = data.draw(st.integers(0, n))

        found = stats.rate_difference(hits, n, hits * times, n * times)

        assert not found.is_clear


class TestRateLift:
    def test_of_three_halves_is_a_half(self):
        found = stats.rate_lift(30, 100, 20, 100)

        assert found.value == pytest.approx(0.5)
        assert found.low < 0.5 < found.high

    @pytest.mark.parametrize("counts", [(0, 10, 1, 10), (1, 10, 0, 10), (1, 10, 0, 0)])
    def test_over_nothing_has_no_meaning(self, counts):
        assert stats.rate_lift(*counts) is None


class TestMeanDifference:
    def test_is_that_of_the_values_written_out(self):
        values, control = [1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 2.0]

        found = stats.mean_difference(*(self.sums(group) for group in (values, control)))

        # variances 5/3 and 1/3, each over 4 people: error √0.5
        assert found.value == pytest.approx(1.0)
        assert found.high - found.value == pytest.approx(stats.Z * 0.5**0.5)

    def sums(self, values):
        return stats.Sums(n=len(values), total=sum(values), squares=sum(value * value for value in values))

    def test_of_one_person_cannot_be_known(self):
        one = self.sums([1.0])

        assert stats.mean_difference(one, self.sums([1.0, 2.0])) is None
        assert stats.mean_interval(one) is None
