"""
How long it takes to count a plan of 500 dependent tasks back from its launch and its outcome.

The limit is a bare topological pass over the same graph (`graphlib`): nobody can place what depends on each
other without looking at each dependency once. `cold_ms` is the first plan after somebody has edited the
holidays, for which the working days of a century are numbered anew.

    python -m benchmarks.back_schedule [--tasks 500] [--runs 30]
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import date
from graphlib import TopologicalSorter

from apps.campaigns.scheduling import Anchor, Item, back_schedule
from apps.campaigns.workdays import WorkCalendar

MUST_REACH_MS = 100
LAUNCH, OUTCOME, TODAY = date(2030, 6, 3), date(2030, 9, 2), date(2030, 1, 7)
HOLIDAYS = frozenset(date(year, month, 1) for year in range(2025, 2035) for month in range(1, 13))
WAITS = 3  # tasks that each of them waits for
NEAR = 40  # how far back those are


def plan(count: int, seed: int) -> list[Item]:
    """Return tasks of which each waits for some of those shortly before it, the first for none."""
    chance = random.Random(seed)  # noqa: S311  # a plan, no secret
    return [
        Item(
            key,
            duration=chance.randint(1, 5),
            anchor=chance.choice(list(Anchor)),
            offset=chance.randint(-60, 0),
            after=tuple({chance.randrange(max(key - NEAR, 0), key) for _each in range(WAITS)} if key else ()),
        )
        for key in range(count)
    ]


def median_ms(run: Callable[[], object], runs: int) -> float:
    taken = []
    for _each in range(runs):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken) * 1000, 2)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--runs", type=int, default=30)
    asked = parser.parse_args()
    items = plan(asked.tasks, seed=1)
    graph = {item.key: item.after for item in items}

    def ours(holidays: frozenset[date] = HOLIDAYS) -> object:
        calendar = WorkCalendar(holidays=holidays)
        return back_schedule(items, launch=LAUNCH, outcome=OUTCOME, today=TODAY, calendar=calendar)

    days = iter(range(1, asked.runs + 1))
    cold = median_ms(
        lambda: ours(HOLIDAYS | {date.fromordinal(OUTCOME.toordinal() + next(days))}), asked.runs
    )
    median = median_ms(ours, asked.runs)
    limit = median_ms(lambda: list(TopologicalSorter(graph).static_order()), asked.runs)
    figure = {
        "figure": "back-schedule",
        "ms": median,
        "cold_ms": cold,
        "limit_ms": limit,
        "ratio": round(median / limit, 1),
        "must_reach_ms": MUST_REACH_MS,
        "tasks": asked.tasks,
        "dependencies": sum(len(item.after) for item in items),
    }
    print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
