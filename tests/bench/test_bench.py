"""The benchmark's own promises: the generator's kinds, and that every peer that is installed gives the exact mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from bench import child, containers, manifests, peers

ROWS = 5_000


def totals_of(table: pa.Table) -> dict[tuple[object, object], object]:
    """The exact total of every person-day of a manifest with exact values."""
    totals: dict[tuple[object, object], object] = {}
    for person, day, value in zip(*(table[name].to_pylist() for name in ("person", "day", "value")), strict=True):
        totals[person, day] = totals.get((person, day), 0) + value
    return totals


def exact_mask(table: pa.Table, limit: int) -> list[bool]:
    totals = totals_of(table)
    keys = zip(table["person"].to_pylist(), table["day"].to_pylist(), strict=True)
    return [totals[key] <= limit for key in keys]


@pytest.mark.parametrize("kind", manifests.KINDS)
def test_the_same_seed_gives_the_same_rows(kind: str) -> None:
    """A manifest depends on kind, rows and seed alone."""
    assert manifests.table(kind, ROWS, seed=7).equals(manifests.table(kind, ROWS, seed=7))
    if kind not in ("equal",):
        assert not manifests.table(kind, ROWS, seed=7).equals(manifests.table(kind, ROWS, seed=8))


def test_blocks_do_not_depend_on_threads() -> None:
    """Blocks made by several threads are those made by one, in row order."""
    made = [list(manifests.batches("text", ROWS, threads=threads, block_rows=700)) for threads in (1, 3)]
    one, three = map(pa.Table.from_batches, made)
    assert one.equals(three)
    assert one.num_rows == ROWS
    assert {len(chunk) for chunk in one["person"].chunks} == {700, 100}


@pytest.mark.parametrize("kind", ["int", "text", "dictionary", "giant", "distinct", "over"])
def test_days_are_nearly_in_order(kind: str) -> None:
    """A row's day is at most one away from the day that its place asks for, and some are."""
    rows = 50_000
    day = manifests.table(kind, rows)["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    due = manifests.DAY_FIRST + np.arange(rows) * manifests.days_in(rows) // rows
    assert set(np.unique(day - due)) == {-1, 0, 1}


def test_shuffled_days_are_in_no_order() -> None:
    """Every part of the manifest has every day."""
    table = manifests.table("shuffled", 50_000)
    assert pc.count_distinct(table["day"].slice(0, 5_000)).as_py() == manifests.days_in(50_000)


def test_one_person_has_half_of_all_rows() -> None:
    """The giant's share is about one half, and nobody else comes near."""
    counts = sorted(np.unique(manifests.table("giant", ROWS)["person"].to_numpy(), return_counts=True)[1])
    assert 0.45 * ROWS < counts[-1] < 0.55 * ROWS
    assert counts[-2] < 0.05 * ROWS


def test_warehouses_have_two_rows_in_a_hundred() -> None:
    """Of 200,000 rows about two in a hundred are the warehouses'."""
    rng = np.random.default_rng(0)
    index = manifests.KINDS["int"].pick(rng, 0, 200_000, 20_000_000)
    assert 0.018 < np.mean(index < 1_000) < 0.022


@pytest.mark.parametrize("kind", ["distinct", "strides", "low-bits", "high-bits"])
def test_no_person_comes_twice(kind: str) -> None:
    """As many persons as rows, and a pattern in their bits where one is promised."""
    person = manifests.table(kind, ROWS)["person"].to_numpy()
    assert len(np.unique(person)) == ROWS
    shared = {"strides": 0xFFF, "low-bits": 0xFFFF_FFFF, "high-bits": 0x7FFF_FFFF_0000_0000}.get(kind, 0)
    assert len(np.unique(person & shared)) == 1


def test_values_are_as_promised() -> None:
    """Each type holds the same whole hundredths, at most 2,500.00, with a median near 30."""
    exact, close, whole = (manifests.table("int", ROWS, value=value)["value"] for value in ("decimal", "float", "int"))
    assert exact.type == pa.decimal128(10, 2)
    assert [round(value * 100) for value in close.to_pylist()] == [int(value * 100) for value in exact.to_pylist()]
    assert whole.to_pylist() == [int(value) for value in exact.to_pylist()]
    assert pc.max(close).as_py() <= 2_500
    assert 27 < np.median(close.to_numpy()) < 33


def test_every_row_is_over_the_limit() -> None:
    """The kind "over" has no value within the limit."""
    assert pc.min(manifests.table("over", ROWS)["value"]).as_py() > manifests.LIMIT


def test_every_group_is_at_the_boundary() -> None:
    """The kind "boundary" has totals of exactly the limit, which sums of floats miss now and then."""
    assert set(totals_of(manifests.table("boundary", ROWS, value="decimal")).values()) == {manifests.LIMIT}
    missed = sum(total > manifests.LIMIT for total in totals_of(manifests.table("boundary", ROWS)).values())
    assert missed > 0


def test_texts_are_about_thirty_bytes() -> None:
    """A text person is a name, eight digits and a street, with nothing left of the padding."""
    person = manifests.table("text", ROWS)["person"]
    assert 28 < pc.mean(pc.binary_length(person)).as_py() < 33
    assert pc.all(pc.match_substring_regex(person, r"^[A-Z][A-Za-z]+ [A-Z][A-Za-z]+ \d{8} [A-Za-z ]+$")).as_py()


def test_files_hold_the_table(tmp_path: Path) -> None:
    """Parquet and CSV hold the rows that `table` makes, and nothing unfinished is left."""
    for ending in ("parquet", "csv"):
        manifests.write("text", ROWS, tmp_path / f"m.{ending}")
    table = manifests.table("text", ROWS)
    assert pq.read_table(tmp_path / "m.parquet").equals(table)
    assert pyarrow.csv.read_csv(tmp_path / "m.csv").cast(table.schema).equals(table)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.csv", "m.parquet"]


@pytest.fixture(scope="module", params=["int", "text", "dictionary"])
def manifest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A manifest with decimal values on disk, and its exact mask."""
    folder = tmp_path_factory.mktemp("manifest")
    for ending in ("parquet", "csv"):
        manifests.write(request.param, ROWS, folder / f"m.{ending}", value="decimal", days=2)
    table = pq.read_table(folder / "m.parquet")
    mask = exact_mask(table, manifests.LIMIT)
    assert 0 < sum(mask) < ROWS
    return {"folder": folder, "mask": mask}


@pytest.mark.parametrize("source", peers.SOURCES)
@pytest.mark.parametrize("engine", [name for name in peers.ENGINES if not name.startswith(("decode", "duckdb-un"))])
def test_peers_give_the_exact_mask(engine: str, source: str, manifest: dict[str, object]) -> None:
    """Every form of every installed peer gives the mask of exact sums, in row order."""
    if peers.version_of(engine) is None:
        pytest.skip(f"{engine} is not installed")
    folder = Path(str(manifest["folder"]))
    roles = {"person": "person", "day": "day", "value": "value", "limit": manifests.LIMIT}
    for form in peers.forms_of(engine, source):
        asked = {"engine": engine, "form": form.name, "source": source, "threads": 2, "cores": 2, "warm": 0, **roles}
        paths = {"parquet": "m.parquet", "csv": "m.csv", "target": "mask.parquet", "mask": "mask.npy"}
        asked |= {name: str(folder / path) for name, path in paths.items()}
        child.measure(asked)
        got = np.unpackbits(np.load(folder / "mask.npy"), count=ROWS).astype(bool)
        assert got.tolist() == manifest["mask"], form.name


@pytest.mark.parametrize("container", containers.CONTAINERS)
def test_containers_are_measured(container: str) -> None:
    """Each kind of object is scored to the table's mask, which the measure itself holds it against."""
    assert min(containers.measure("text", container, ROWS, repeats=1)) >= 0
