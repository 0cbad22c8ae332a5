"""What the documents refer to is there, and each decision has a number of its own."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE = sorted(
    each
    for folder, kind in (("blinkpos_desktop", "*.py"), ("sql", "*.sql"))
    for each in (ROOT / folder).rglob(kind)
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_pages_that_code_names_are_there() -> None:
    named = {
        name
        for each in (*CODE, *PAGES)
        for name in re.findall(r"\bdocs/[\w/.-]+\.md", each.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = Counter(each.name[:4] for each in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [number for number, count in numbers.items() if count > 1] == []
