"""Each shipped feed has a made-up sample file, which is scored by function and by command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import deminimis as dm
from deminimis.cli.main import main
from deminimis.feeds.feed import Feed, shipped_feeds

SAMPLES = Path(__file__).parent / "samples"
MORE: dict[str, dict[str, Any]] = {
    "amazon-orders": {"day": "arrival"},
    "data-pilot": {"day": "arrival", "shipment": "shipment", "party": "teller"},
}
"""What the feed lacks, or tells that the manifest may have."""
RULES = {"amazon-orders": {"limit": 800}}
REASONS = {
    "ace-truck": ["eligible", "eligible", "over-limit"],
    "amazon-orders": ["eligible", "eligible", "copy", "over-limit", "bad-value"],
    "ams-air": ["over-limit", "eligible", "over-limit", "over-limit", "no-person"],
    "ams-ocean": ["eligible", "not-in-force", "eligible", "no-person"],
    "consolidator": ["eligible", "eligible", "over-limit"],
    "data-pilot": ["copy", "eligible", "bad-value"],
    "et86": ["over-limit", "over-limit", "eligible"],
}


def test_every_feed_has_its_sample() -> None:
    """No feed is shipped that no test scores."""
    assert {path.stem for path in SAMPLES.iterdir()} == {*shipped_feeds()} == {*REASONS}


@pytest.mark.parametrize("name", REASONS)
def test_sample(name: str, tmp_path: Path) -> None:
    """Every row has the reason that its cells say."""
    (path,) = SAMPLES.glob(f"{name}.*")
    more, rule = MORE.get(name, {}), RULES.get(name, {"rule": "us-321"})
    found = dm.score(path, **Feed.load(name).arguments() | more, **rule)
    assert found.reason.to_pylist() == REASONS[name]
    words = [word for one, value in (more | rule).items() for word in (f"--{one}", str(value))]
    target = tmp_path / "out.parquet"
    assert main(["score", str(path), "--feed", name, *words, "-o", str(target), "--with", "reason", "-q"]) == 0
    assert pq.read_table(target)["reason"].to_pylist() == REASONS[name]
