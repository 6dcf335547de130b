"""Times the engine and other databases on the same records and the same questions, in one run.

    python3 -m venv target/peers && target/peers/bin/pip install duckdb polars chdb pyarrow datafusion
    target/peers/bin/python benches/peers/compare.py --rows 1000000 --prepare
    target/peers/bin/python benches/peers/compare.py --rows 1000000

--prepare makes the records: the engine's data directory, and from its segments one Parquet file for the others (zstd, times without a
zone, which they handle faster, sorted by time). The engine's times include parsing, planning and writing the answer as JSON; the
others' include making Arrow or Python rows, as each offers it. A peer that is not installed is left out.

--only asks some of them, where all together take long; what each took is kept beside the records, and the table is of all that are
known.
"""

import argparse, glob, json, os, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTIONS = json.load(open(os.path.join(HERE, "questions.json")))


def median_ms(ask, times):
    ask()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


def spelled(sql, table, **dialect):
    for word, own in dialect.items():
        sql = sql.replace(word + "(", own + "(")
    return sql.replace(" T ", f" {table} ")


def duckdb_times(path, times, is_native):
    import duckdb
    connection = duckdb.connect()
    table = "native" if is_native else f"'{path}'"
    if is_native:
        connection.execute(f"create table native as select * from '{path}'")
    ask = lambda q: connection.execute(
        spelled(q["sql"], table, SET="list_distinct_sorted", MEDIAN="median")
        .replace("list_distinct_sorted(service)", "list_sort(list(distinct service))")).fetchall()
    return [median_ms(lambda: ask(q), times) for q in QUESTIONS]


def chdb_times(path, times, is_native):
    from chdb import session
    connection = session.Session()
    table = "b.native" if is_native else f"file('{path}', Parquet)"
    if is_native:
        connection.query("create database if not exists b engine = Atomic")
        connection.query("create table b.native engine = MergeTree order by _timestamp as "
                         f"select * replace(assumeNotNull(_timestamp) as _timestamp) from file('{path}', Parquet)")
    ask = lambda q: connection.query(
        spelled(q["sql"], table, SET="arraySort_groupUniqArray", MEDIAN="quantileExactInclusive(0.5)")
        .replace("arraySort_groupUniqArray(service)", "arraySort(groupUniqArray(service))")
        .replace("date_trunc('week', _timestamp)", "date_trunc('week', assumeNotNull(_timestamp))"), "ArrowStream")
    return [median_ms(lambda: ask(q), times) for q in QUESTIONS]


def datafusion_times(path, times, _):
    import datafusion
    context = datafusion.SessionContext()
    context.register_parquet("t", path)
    ask = lambda q: context.sql(
        spelled(q["sql"], "t", SET="SET", MEDIAN="median")
        .replace("SET(service)", "array_agg(distinct service order by service)")).collect()
    return [median_ms(lambda: ask(q), times) for q in QUESTIONS]


def polars_times(path, times, is_native):
    import polars as pl
    from datetime import datetime as d
    at, volume, cost, service = pl.col("_timestamp"), pl.col("volume"), pl.col("cost"), pl.col("service")
    sums = [volume.sum(), pl.len()]
    def between(t, a, b):
        return t().filter((at >= a) & (at < b))
    def by(t, every, *keys):
        start = [at.dt.truncate(every)] if every else []
        return t.group_by(*start, *keys), (["_timestamp"] if every else []) + list(keys)
    def grouped(t, every, keys, what):
        groups, order = by(t, every, *keys)
        return groups.agg(what).sort(*order).collect()
    year, three = (d(2025, 1, 1), d(2026, 1, 1)), (d(2023, 1, 1), d(2026, 1, 1))
    def questions(t):
        newest = lambda n: t().filter(service == "service-17").sort("_timestamp", descending=True).head(n).collect()
        return [
            lambda: grouped(between(t, d(2025, 1, 6), d(2026, 1, 5)), "1w", [], sums),
            lambda: grouped(between(t, *three), "1mo", ["channel"], sums),
            lambda: grouped(t(), None, ["service"], [pl.len(), cost.mean()]),
            lambda: newest(100),
            lambda: grouped(t(), None, ["department", "channel"], [service.unique().sort()]),
            lambda: grouped(between(t, d(2025, 12, 2), d(2026, 1, 1)), "1d", [], [pl.len()]),
            lambda: grouped(between(t, *year).filter(service == "service-17"), "1mo", ["channel"], sums),
            lambda: grouped(between(t, *year), "1mo", ["is_digital"], sums),
            lambda: grouped(between(t, *three), "1q", [], [cost.mean(), *sums]),
            lambda: t().group_by("service").agg(sums).sort("volume", descending=True).head(10).collect(),
            lambda: grouped(between(t, d(2025, 12, 15), d(2025, 12, 22)), "1h", [], sums),
            lambda: grouped(t(), None, ["department"], [cost.sum(), *sums]),
            lambda: grouped(between(t, d(2025, 10, 1), d(2026, 1, 1)).filter(pl.col("channel") == "channel-2"), "1d", [], sums),
            lambda: newest(1),
            lambda: grouped(between(t, d(2025, 6, 30), d(2025, 12, 29)), "1w", ["department"], sums),
            lambda: grouped(between(t, *three), "1q", ["channel"], [service.n_unique(), pl.len()]),
            lambda: grouped(t(), None, ["channel"], [cost.min(), cost.max().alias("max"), pl.len()]),
            lambda: grouped(t().filter((cost > 2500) & pl.col("is_digital")), None, ["department"], sums),
            lambda: grouped(t(), None, ["channel"], [cost.median(), pl.len()]),
        ]
    frame = pl.read_parquet(path).lazy() if is_native else None
    return [median_ms(ask, times) for ask in questions(lambda: frame if is_native else pl.scan_parquet(path))]


PEERS = {
    "duckdb": ("DuckDB", duckdb_times, False),
    "chdb": ("chdb", chdb_times, False),
    "polars": ("Polars", polars_times, False),
    "datafusion": ("DataFusion SQL", datafusion_times, False),
    "duckdb-table": ("DuckDB's table", duckdb_times, True),
    "chdb-table": ("chdb's table", chdb_times, True),
    "polars-memory": ("Polars in memory", polars_times, True),
}


def engine_times(engine, rows, folder, times):
    run = subprocess.run(engine + ["--rows", str(rows), "--times", str(times), "--data-dir", folder],
                         stdout=subprocess.PIPE, text=True, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {"this engine": [line["median_ms"] for line in lines], "first time": [line["first_ms"] for line in lines]}


def prepare(engine, rows, folder, path):
    subprocess.run(engine + ["--rows", str(rows), "--data-dir", folder, "--fill"], check=True)
    import pyarrow as pa, pyarrow.parquet as pq
    segments = sorted(glob.glob(os.path.join(folder, "**", "*.parquet"), recursive=True),
                      key=lambda file: pq.ParquetFile(file).metadata.row_group(0).column(1).statistics.min)
    writer = None
    for segment in segments:
        for batch in pq.ParquetFile(segment).iter_batches(batch_size=122_880):
            table = pa.table(batch)
            place = table.schema.get_field_index("_timestamp")
            without_zone = table["_timestamp"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
            table = table.set_column(place, "_timestamp", without_zone).drop_columns(["_seq", "_updated_at"])
            texts = [pa.field(f.name, pa.string() if pa.types.is_string_view(f.type) else f.type) for f in table.schema]
            table = table.cast(pa.schema(texts))
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=122_880)
    writer.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=10_000)
    arguments.add_argument("--times", type=int, default=15)
    arguments.add_argument("--folder", default="target/peers", help="where the records are")
    arguments.add_argument("--engine", help="the built engine-queries; without it, cargo builds it")
    arguments.add_argument("--prepare", action="store_true", help="make the records, and end")
    arguments.add_argument("--only", nargs="+", choices=["engine", *PEERS], default=["engine", *PEERS],
                           help="who is asked; the others are shown as they were")
    given = arguments.parse_args()
    engine = [given.engine] if given.engine else ["cargo", "run", "--release", "-p", "benches", "--bin", "engine-queries", "--"]
    os.makedirs(given.folder, exist_ok=True)
    folder = os.path.join(given.folder, f"records-{given.rows}")
    path, kept = folder + ".parquet", folder + ".json"
    if given.prepare:
        return prepare(engine, given.rows, folder, path)
    known = json.load(open(kept)) if os.path.exists(kept) else {}
    if "engine" in given.only:
        known |= engine_times(engine, given.rows, folder, given.times)
    for peer in (peer for peer in PEERS if peer in given.only):
        name, ask_all, is_native = PEERS[peer]
        try:
            known[name] = ask_all(path, given.times, is_native)
        except ImportError as missing:
            print(f"left out: {missing}", file=sys.stderr)
        json.dump(known, open(kept, "w"))
    json.dump(known, open(kept, "w"))
    columns = [name for name in ["this engine", "first time", *(name for name, _, _ in PEERS.values())] if name in known]
    print(f"{given.rows:,} records, medians of {given.times} in milliseconds\n")
    print("| | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for n, question in enumerate(QUESTIONS):
        print(f"| {question['name']} | " + " | ".join(f"{known[name][n]:.2f}" for name in columns) + " |")


if __name__ == "__main__":
    main()
