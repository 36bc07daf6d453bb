from decimal import Decimal

import pytest
from lxml import etree

from apps.core import charts


def drawn(svg):
    """Read the picture as XML: what does not parse is no picture."""
    return etree.fromstring(str(svg))


def sizes(svg, name, css):
    return [float(shape.get(name)) for shape in drawn(svg) if css in shape.get("class")]


@pytest.mark.parametrize(
    ("value", "of", "width"), [(481, 650, 74), (0, 10, 0), (12, 10, 100), (-1, 10, 0), (1, 0, 0)]
)
def test_a_bar_is_as_long_as_its_share_and_never_leaves_its_track(value, of, width):
    assert sizes(charts.bar(value, of), "width", "chart-fill") == [width]


def test_a_bar_marks_the_target():
    assert sizes(charts.bar(3, 10, mark=8), "x1", "chart-mark") == [80]
    assert sizes(charts.bar(3, 10), "x1", "chart-mark") == []


@pytest.mark.parametrize(
    ("parts", "widths"),
    [([(3, "good"), (1, "bad")], [75, 25]), ([(0, "good"), (0, "bad")], [0, 0]), ([], [])],
)
def test_a_stack_is_filled_by_its_parts_whatever_they_sum_to(parts, widths):
    assert sizes(charts.stack(parts), "width", "chart-fill") == widths


def test_a_sparkline_goes_from_the_lowest_to_the_highest():
    line = drawn(charts.sparkline([10, 30, 20])).find("polyline").get("points")

    assert line == "0,22 50,2 100,12"


@pytest.mark.parametrize("values", [[], [5]])
def test_a_sparkline_of_less_than_two_values_draws_nothing(values):
    assert len(drawn(charts.sparkline(values))) == 0


def test_a_sparkline_of_one_level_runs_through_the_middle():
    assert drawn(charts.sparkline([4, 4])).find("polyline").get("points") == "0,12 100,12"


def test_an_interval_stands_on_the_axis_of_its_table():
    svg = charts.interval(0.02, 0.04, 0.06, 0, 0.1, reference=0)

    assert sizes(svg, "x1", "chart-whisker") == [20]
    assert sizes(svg, "x2", "chart-whisker") == [60]
    assert sizes(svg, "x1", "chart-dot") == [40]
    assert sizes(svg, "x1", "chart-reference") == [0]
    assert sizes(svg, "x1", "chart-cap") == [20, 60]


def test_a_picture_is_decoration_unless_it_is_given_a_label():
    assert drawn(charts.bar(1, 2)).get("aria-hidden") == "true"
    labelled = drawn(charts.bar(1, 2, label='half "full" <'))
    assert (labelled.get("role"), labelled.get("aria-label")) == ("img", 'half "full" <')


def test_columns_stand_on_zero_and_the_highest_fills_the_height():
    svg = charts.columns([0, 5, 10])

    assert sizes(svg, "height", "chart-fill") == [0, 49, 98]
    assert sizes(svg, "y", "chart-fill") == [100, 51, 2]


@pytest.mark.parametrize("values", [[], [0, 0], [-1, -2]])
def test_columns_without_height_draw_no_height(values):
    assert set(sizes(charts.columns(values), "height", "chart-fill")) <= {0}


def test_a_curve_starts_its_axis_at_zero():
    assert drawn(charts.curve([50, 100])).find("polyline").get("points") == "0,51 100,2"


def test_a_curve_starts_its_axis_where_it_is_told():
    assert drawn(charts.curve([80, 100], floor=60)).find("polyline").get("points") == "0,51 100,2"


def test_a_curve_of_one_value_is_only_its_grid():
    assert drawn(charts.curve([3])).find("polyline") is None


def test_several_lines_share_one_axis_and_end_where_nothing_is_known():
    svg = charts.lines(
        [charts.Series("neutral", [10, 20], is_dashed=True), charts.Series("accent", [Decimal(5), None])]
    )

    assert '<polyline class="chart-line tone-neutral is-dashed" points="0,51 100,2"/>' in svg
    # One point is drawn as a line of no length: with round ends it is a dot.
    assert '<polyline class="chart-line tone-accent" points="0,75.5 0,75.5"/>' in svg


def test_lines_of_nothing_draw_nothing():
    assert "polyline" not in charts.lines([charts.Series("accent", [0, 0]), charts.Series("accent", [])])
