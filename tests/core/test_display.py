from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone

from apps.core import display
from apps.core.templatetags.ui import status, when

NOTHING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (display.number(64_000), "64,000"),
        (display.number(-1234.5, 1), "-1,234.5"),
        (display.number(None), NOTHING),
        (display.percent(0.1828, 2), f"18.28{SPACE}%"),
        (display.percent(Decimal("0.0125")), f"1.3{SPACE}%"),
        (display.percent(None), NOTHING),
        (display.money(Decimal("1204.5"), "EUR"), "€1,204.50"),
        (display.money(-3, "USD"), f"{MINUS}$3.00"),
        (display.money(-0.004, "USD"), "$0.00"),
        (display.signed(-0.004, 2), "0.00"),
        (display.money(7, "SEK"), "SEK 7.00"),
        (display.money(None), NOTHING),
        (display.rate(3894, 21307), f"18.3{SPACE}% (3,894 of 21,307)"),
        (display.rate(0, 0), NOTHING),
    ],
)
def test_figures_read_as_people_write_them(said, expected):
    assert said == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (3725, "1 h 2 min"),
        (86400 * 4 + 3600 * 6, "4 d 6 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds, expected):
    assert display.duration(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "22 Feb"),
        (timedelta(days=365), "1 Mar 2029"),
        (-timedelta(seconds=30), "in a moment"),
        (-timedelta(hours=2), "in 2 hours"),
    ],
)
def test_a_moment_is_said_as_its_distance_and_past_a_week_as_its_date(noon, ago, expected):
    assert display.relative(noon - ago, noon) == expected


class TestWhen:
    def test_keeps_the_exact_time_in_the_viewers_zone_for_who_points_at_it(self, noon):
        with timezone.override("Europe/Berlin"):
            said = when(datetime(2030, 3, 1, 11, 55, tzinfo=UTC), noon)

        assert said == (
            '<time datetime="2030-03-01T11:55:00+00:00" title="Friday 1 March 2030, 12:55 CET" data-when>'
            "5 minutes ago</time>"
        )

    def test_a_date_past_a_week_is_the_viewers_date(self, noon):
        with timezone.override("Pacific/Auckland"):
            assert "21 Feb" in when(datetime(2030, 2, 20, 20, 0, tzinfo=UTC), noon)

    def test_a_day_without_a_time_is_itself(self):
        assert when(date(2030, 4, 14)) == '<time datetime="2030-04-14">14 Apr 2030</time>'

    def test_no_time_is_a_dash(self):
        assert when(None) == NOTHING


class TestStatus:
    def test_says_the_label_beside_the_colour(self):
        assert status("Ready <b>", "good") == (
            '<span class="status status-good"><span class="status-dot" aria-hidden="true"></span>'
            "Ready &lt;b&gt;</span>"
        )

    def test_knows_five_tones_and_no_other(self):
        with pytest.raises(
            TemplateSyntaxError, match="purple: a tone is one of neutral, info, good, warn, bad"
        ):
            status("Ready", "purple")


class TestUrlWith:
    def test_changes_some_keys_and_takes_away_the_empty_ones(self, rf):
        request = rf.get("/segments/", {"q": "a b", "sort": "name", "cursor": "x"})
        template = Template('{% load ui %}{% url_with sort="-name" cursor="" as url %}{{ url|safe }}')

        assert template.render(Context({"request": request})) == "?q=a+b&sort=-name"
