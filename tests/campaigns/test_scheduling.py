from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.campaigns.scheduling import (
    Anchor,
    CircularDependency,
    Item,
    as_it_stands,
    back_schedule,
    ordered,
    relation,
)
from apps.campaigns.workdays import WorkCalendar

# A Monday, and the Friday of the week after.
LAUNCH, OUTCOME = date(2030, 6, 3), date(2030, 6, 14)
LONG_AGO = date(2030, 1, 1)
WEEK = WorkCalendar()


def placed(*items, today=LONG_AGO, calendar=WEEK):
    return back_schedule(items, launch=LAUNCH, outcome=OUTCOME, today=today, calendar=calendar)


def days(schedule):
    return {key: (one.start, one.due) for key, one in schedule.placed.items()}


class TestWorkCalendar:
    def test_leaves_out_weekends_and_holidays(self):
        calendar = WorkCalendar(holidays=frozenset({date(2030, 5, 31)}))

        assert calendar.start(LAUNCH, 2) == date(2030, 5, 30)
        assert calendar.count(date(2030, 5, 30), LAUNCH) == 2

    def test_counts_from_the_last_working_day_before_a_free_one(self):
        sunday = date(2030, 6, 2)

        assert WEEK.day(WEEK.number(sunday)) == date(2030, 5, 31)
        assert WEEK.day(WEEK.number_from(sunday)) == LAUNCH

    def test_works_other_weeks_than_ours(self):
        calendar = WorkCalendar(weekend=frozenset({4, 5}))

        days = [date(2030, 5, 31) + timedelta(days=n) for n in range(3)]
        assert [calendar.day(calendar.number(day)) == day for day in days] == [False, False, True]

    def test_ends_where_no_campaign_can_reach(self):
        assert WEEK.day(-5000) == date(2000, 1, 3)


class TestBackSchedule:
    def test_counts_back_from_launch_and_outcome(self):
        found = placed(
            Item(1, duration=3, anchor=Anchor.LAUNCH, offset=-1), Item(2, anchor=Anchor.OUTCOME, offset=2)
        )

        assert days(found) == {
            1: (date(2030, 5, 29), date(2030, 5, 31)),
            2: (date(2030, 6, 18), date(2030, 6, 18)),
        }

    def test_ends_a_day_before_anything_that_waits_for_it_begins(self):
        first = Item(1, anchor=Anchor.LAUNCH)
        second = Item(2, duration=2, anchor=Anchor.LAUNCH, after=(1,))

        assert days(placed(first, second)) == {
            1: (date(2030, 5, 30), date(2030, 5, 30)),
            2: (date(2030, 5, 31), LAUNCH),
        }

    def test_places_what_only_followers_place(self):
        found = placed(Item(1, duration=2), Item(2, anchor=Anchor.LAUNCH, after=(1,)))

        assert found.placed[1].due == date(2030, 5, 31)

    def test_leaves_without_a_day_what_nothing_places(self):
        assert days(placed(Item(1))) == {1: (None, None)}

    def test_leaves_pinned_and_done_where_they_are_and_tells_the_clash(self):
        pinned = Item(1, start=LAUNCH, due=date(2030, 6, 5), is_fixed=True)
        done = Item(3, due=date(2030, 6, 20), is_fixed=True, is_done=True)
        found = placed(pinned, Item(2, anchor=Anchor.LAUNCH, after=(1, 3)), done)

        assert days(found)[1] == (LAUNCH, date(2030, 6, 5))
        assert found.clashes == [(1, 2)]

    def test_keeps_the_day_that_counts_as_the_same_working_day(self):
        saturday = date(2030, 6, 1)

        found = placed(Item(1, anchor=Anchor.LAUNCH, offset=-1, start=saturday, due=saturday))

        assert days(found) == {1: (saturday, saturday)}

    def test_lists_what_would_begin_before_today(self):
        late = Item(1, duration=3, anchor=Anchor.LAUNCH)
        begun = Item(2, duration=3, anchor=Anchor.LAUNCH, is_begun=True)

        found = placed(late, begun, Item(3, anchor=Anchor.LAUNCH), today=LAUNCH)

        assert found.wont_fit == [1]

    def test_tells_slack_and_the_critical_path(self):
        found = placed(
            Item(1, anchor=Anchor.LAUNCH, offset=-4),
            Item(2, duration=2, anchor=Anchor.LAUNCH),
            Item(3, anchor=Anchor.LAUNCH, after=(1, 2)),
            Item(4, anchor=Anchor.OUTCOME, offset=3),
        )

        assert {key: one.slack for key, one in found.placed.items()} == {1: 3, 2: 0, 3: 0, 4: None}
        assert found.critical == [2, 3]

    def test_gives_no_slack_beyond_a_pinned_task(self):
        pinned = Item(2, start=date(2030, 5, 20), due=date(2030, 5, 20), is_fixed=True, after=(1,))

        found = placed(Item(1, anchor=Anchor.LAUNCH, offset=-20), pinned)

        assert found.placed[1].slack == 9
        assert found.placed[2].slack is None

    def test_goes_through_a_long_chain(self):
        chain = [Item(n, anchor=Anchor.LAUNCH, after=(n - 1,) if n else ()) for n in range(500)]

        found = placed(*chain)

        assert found.placed[0].due == WEEK.day(WEEK.number(LAUNCH) - 499)
        assert len(found.critical) == 500

    def test_names_the_circle_and_not_what_hangs_on_it(self):
        items = [Item(1, after=(3,)), Item(2, after=(1,)), Item(3, after=(2,)), Item(4, after=(3,)), Item(5)]

        with pytest.raises(CircularDependency) as circular:
            placed(*items)

        circle = circular.value.circle
        assert circle[0] == circle[-1]
        assert set(circle) == {1, 2, 3}
        after = {item.key: item.after for item in items}
        assert all(before in after[one] for before, one in pairwise(circle))


class TestAsItStands:
    def test_moves_nothing_and_tells_what_is_wrong(self):
        first = Item(1, anchor=Anchor.LAUNCH, start=LAUNCH, due=LAUNCH)
        second = Item(2, anchor=Anchor.LAUNCH, start=LAUNCH, due=LAUNCH, after=(1,))

        found = as_it_stands([first, second], launch=LAUNCH, outcome=OUTCOME, today=OUTCOME, calendar=WEEK)

        assert days(found) == {1: (LAUNCH, LAUNCH), 2: (LAUNCH, LAUNCH)}
        assert (found.wont_fit, found.clashes) == ([1, 2], [(1, 2)])
        assert found.placed[1].slack == -1


class TestRelation:
    @pytest.mark.parametrize(
        ("due", "said"),
        [
            (date(2030, 5, 31), (Anchor.LAUNCH, -1)),
            (date(2030, 6, 4), (Anchor.LAUNCH, 1)),
            (date(2030, 6, 13), (Anchor.OUTCOME, -1)),
            (date(2030, 6, 17), (Anchor.OUTCOME, 1)),
        ],
    )
    def test_is_to_the_launch_before_it_and_then_to_the_nearer(self, due, said):
        assert relation(due, launch=LAUNCH, outcome=OUTCOME, calendar=WEEK) == said

    def test_is_none_without_dates(self):
        assert relation(LAUNCH, launch=None, outcome=None, calendar=WEEK) is None
        assert relation(LAUNCH, launch=None, outcome=OUTCOME, calendar=WEEK) == (Anchor.OUTCOME, -9)


@st.composite
def plans(draw):
    """Items that wait only for earlier ones, so there is no circle."""
    count = draw(st.integers(1, 12))
    return [
        Item(
            key,
            duration=draw(st.integers(1, 5)),
            anchor=draw(st.sampled_from(Anchor)),
            offset=draw(st.integers(-20, 9)),  # the outcome is nine working days after the launch
            after=tuple(draw(st.sets(st.integers(0, key - 1), max_size=3))) if key else (),
        )
        for key in range(count)
    ]


HOLIDAYS = st.sets(st.dates(date(2030, 5, 1), date(2030, 6, 30)), max_size=10)


@settings(max_examples=40, deadline=None)
@given(items=plans(), holidays=HOLIDAYS)
def test_every_plan_is_as_late_as_its_offsets_and_its_followers_allow(items, holidays):
    calendar = WorkCalendar(holidays=frozenset(holidays))
    found = placed(*items, calendar=calendar).placed

    for item in items:
        one = found[item.key]
        followers = [found[other.key].start for other in items if item.key in other.after]
        ceiling = calendar.number(LAUNCH if item.anchor is Anchor.LAUNCH else OUTCOME) + item.offset
        latest = [ceiling, *(calendar.number(start) - 1 for start in followers)]
        assert calendar.number(one.due) == min(latest)
        assert not {one.start.weekday(), one.due.weekday()} & calendar.weekend
        assert not {one.start, one.due} & calendar.holidays
        assert calendar.count(one.start, one.due) == item.duration


@settings(max_examples=40, deadline=None)
@given(items=plans())
def test_slack_is_how_far_a_task_alone_may_slip(items):
    found = placed(*items)

    for item in items:
        slack = found.placed[item.key].slack
        if slack is None:
            continue
        later = [
            Item(
                one.key,
                duration=one.duration,
                anchor=one.anchor,
                offset=one.offset,
                after=one.after,
                due=WEEK.day(WEEK.number(found.placed[one.key].due) + max(slack, 0)),
                is_fixed=True,
            )
            if one.key == item.key
            else one
            for one in items
        ]
        slipped = as_late_as_possible(later)
        assert all(
            slipped[other.key] > WEEK.number(later[item.key].due)
            for other in items
            if item.key in other.after and slack >= 0
        )


def as_late_as_possible(items):
    """Return when each item would begin if it came as late as launch, outcome and followers allow."""
    begins = {}
    by_key = {item.key: item for item in items}
    for key in reversed(ordered(by_key)):
        item = by_key[key]
        ends = [begins[other.key] - 1 for other in items if key in other.after]
        own = WEEK.number(LAUNCH if item.anchor is Anchor.LAUNCH and item.offset <= 0 else OUTCOME)
        if item.anchor is Anchor.OUTCOME and item.offset > 0:
            own += item.offset
        due = WEEK.number(item.due) if item.is_fixed else min([own, *ends])
        begins[key] = due - item.duration + 1
    return begins
