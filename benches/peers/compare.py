"""Times the engine and other databases on the same records and the same six questions, in one run.

    python3 -m venv peers && peers/bin/pip install duckdb polars chdb pyarrow
    peers/bin/python benches/peers/compare.py --rows 1000000

The engine's times include parsing, planning and shaping to JSON rows; the others' include making Arrow or Python rows, as each
offers it. All read the same records: Parquet (zstd, times without zone, sorted by time) and tables of their own in memory.
A peer that is not installed is left out.
"""

import argparse, json, os, statistics, subprocess, sys, tempfile, time

QUESTIONS = [
    ("week over a year, sum",
     "select date_trunc('week', _timestamp) w, sum(volume), count(*) from T "
     "where _timestamp >= '2025-01-06' and _timestamp < '2026-01-05' group by 1 order by 1"),
    ("month by channel over 3 years, sum",
     "select date_trunc('month', _timestamp) m, channel, sum(volume), count(*) from T "
     "where _timestamp >= '2023-01-01' and _timestamp < '2026-01-01' group by 1, 2 order by 1, 2"),
    ("by service, count and mean", "select service, count(*), avg(cost) from T group by 1 order by 1"),
    ("one service, newest 100",
     "select * from T where service = 'service-17' order by _timestamp desc limit 100"),
    ("by department and channel, the set of services",
     "select department, channel, list_sort(list(distinct service)) from T group by 1, 2 order by 1, 2"),
    ("day over 30 days, count",
     "select date_trunc('day', _timestamp) d, count(*) from T "
     "where _timestamp >= '2025-12-02' and _timestamp < '2026-01-01' group by 1 order by 1"),
]


def median_ms(ask, times):
    ask()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


def duckdb_times(path, times):
    import duckdb
    connection = duckdb.connect()
    connection.execute(f"create table native as select * from '{path}'")
    for table, name in ((f"'{path}'", "DuckDB, Parquet"), ("native", "DuckDB, own table")):
        yield name, [median_ms(lambda: connection.execute(sql.replace(" T ", f" {table} ")).fetchall(), times)
                     for _, sql in QUESTIONS]


def chdb_times(path, times):
    from chdb import session
    connection = session.Session()
    connection.query("create database if not exists b engine = Atomic")
    connection.query("create table b.native engine = MergeTree order by _timestamp as "
                     f"select * from file('{path}', Parquet) settings allow_nullable_key=1")
    dialect = lambda sql: (sql.replace("list_sort(list(distinct service))", "arraySort(groupUniqArray(service))")
                           .replace("'week', _timestamp", "'week', assumeNotNull(_timestamp)"))
    for table, name in ((f"file('{path}', Parquet)", "chdb, Parquet"), ("b.native", "chdb, own table")):
        yield name, [median_ms(lambda: connection.query(dialect(sql).replace(" T ", f" {table} "), "ArrowStream"), times)
                     for _, sql in QUESTIONS]


def polars_times(path, times):
    import polars as pl
    from datetime import datetime as d
    at = pl.col("_timestamp")
    between = lambda t, a, b: t.filter((at >= a) & (at < b))
    def questions(t):
        return [
            lambda: between(t(), d(2025, 1, 6), d(2026, 1, 5)).group_by(at.dt.truncate("1w"))
                .agg(pl.col("volume").sum(), pl.len()).sort("_timestamp").collect(),
            lambda: between(t(), d(2023, 1, 1), d(2026, 1, 1)).group_by(at.dt.truncate("1mo"), "channel")
                .agg(pl.col("volume").sum(), pl.len()).sort("_timestamp", "channel").collect(),
            lambda: t().group_by("service").agg(pl.len(), pl.col("cost").mean()).sort("service").collect(),
            lambda: t().filter(pl.col("service") == "service-17").sort("_timestamp", descending=True).head(100).collect(),
            lambda: t().group_by("department", "channel").agg(pl.col("service").unique().sort())
                .sort("department", "channel").collect(),
            lambda: between(t(), d(2025, 12, 2), d(2026, 1, 1)).group_by(at.dt.truncate("1d"))
                .agg(pl.len()).sort("_timestamp").collect(),
        ]
    frame = pl.read_parquet(path)
    for make, name in ((lambda: pl.scan_parquet(path), "Polars, Parquet"), (lambda: frame.lazy(), "Polars, in memory")):
        yield name, [median_ms(ask, times) for ask in questions(make)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=10_000)
    arguments.add_argument("--times", type=int, default=15)
    arguments.add_argument("--engine", help="the built engine-queries; without it, cargo builds it")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw, path = os.path.join(folder, "raw.parquet"), os.path.join(folder, "records.parquet")
        engine = [given.engine] if given.engine else ["cargo", "run", "--release", "-p", "benches", "--bin", "engine-queries", "--"]
        run = subprocess.run(engine + ["--rows", str(given.rows), "--times", str(given.times), "--parquet", raw],
                             stdout=subprocess.PIPE, text=True, check=True)
        ours = [json.loads(line)["median_ms"] for line in run.stdout.splitlines()]
        import pyarrow as pa, pyarrow.parquet as pq
        table = pq.read_table(raw).sort_by("_timestamp")
        place = table.schema.get_field_index("_timestamp")
        table = table.set_column(place, "_timestamp", table["_timestamp"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us")))
        pq.write_table(table, path, compression="zstd", row_group_size=122_880)
        columns = [("this engine", ours)]
        for peer in (duckdb_times, chdb_times, polars_times):
            try:
                columns += list(peer(path, given.times))
            except ImportError as missing:
                print(f"left out: {missing}", file=sys.stderr)
    print(f"{given.rows:,} records, medians of {given.times} in milliseconds\n")
    print("| | " + " | ".join(name for name, _ in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for n, (question, _) in enumerate(QUESTIONS):
        print(f"| {question} | " + " | ".join(f"{times[n]:.2f}" for _, times in columns) + " |")


if __name__ == "__main__":
    main()
