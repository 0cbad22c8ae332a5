"""A short slice of the weeks at the counter (``make weeks``): nothing is left behind by a sale."""

from __future__ import annotations

from pathlib import Path

from benchmarks import counter

LEAKY = ("tasks", "widgets", "timers", "files")


def test_a_sale_leaves_nothing_behind(tmp_path: Path) -> None:
    found = counter.sell(tmp_path, sales=30, every=5)
    # The first sales make the pages, open the pool's connections and end the start's own tasks.
    *_, before, after = found["things"]
    assert len(found["things"]) == 7
    for name in LEAKY:
        # What ends a moment later than it is counted is no leak; thirty sales' would be more.
        assert after[name] <= before[name] + 3, (name, found["things"])
    assert len(found["times"]["whole"]) == 30
