"""Times the engine and other databases on the same records and the same questions, in one run.

    python3 benches/peers/compare.py                              # 10 thousand, 1 million and 20 million records
    python3 benches/peers/compare.py --rows 10000 --only engine duckdb

It sets up what it needs: the peers at the versions of requirements.txt in target/peers, and the records, which are kept there: the
engine's data directory, and from its segments one Parquet file for the others (zstd, times without a zone, which they handle faster,
sorted by time). Each is asked in a process of its own, one after another. The engine's times include parsing, planning and writing the
answer as JSON; the others' include making Arrow or Python rows, as each offers it.

A question is asked once to warm up, and then again until --times is reached or it has taken --seconds: the median of these counts. What
takes long is still asked twice more, or once more where one time takes over 10 seconds. What each took is kept beside the records, and
the table is of all that are known; --only asks some of them again. Past --minutes nobody else is asked.
"""

import argparse, glob, json, os, statistics, subprocess, sys, time, venv

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTIONS = json.load(open(os.path.join(HERE, "questions.json")))
SECONDS_OF_A_LONG_ONE = 10


def timed(ask):
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


def median_ms(ask, times, seconds):
    """The median time of a question, and how often it was asked for it."""
    warm_up = timed(ask)
    least = 1 if warm_up > SECONDS_OF_A_LONG_ONE else 2
    taken = []
    while len(taken) < least or (len(taken) < times and sum(taken) < seconds):
        taken.append(timed(ask))
    return [statistics.median(taken) * 1e3, len(taken)]


def spelled(sql, table, **dialect):
    for word, own in dialect.items():
        sql = sql.replace(word + "(", own + "(")
    return sql.replace(" T ", f" {table} ")


def duckdb_questions(path, is_native):
    import duckdb
    connection = duckdb.connect()
    table = "native" if is_native else f"'{path}'"
    if is_native:
        connection.execute(f"create table native as select * from '{path}'")
    ask = lambda q: connection.execute(
        spelled(q["sql"], table, SET="list_distinct_sorted", MEDIAN="median")
        .replace("list_distinct_sorted(service)", "list_sort(list(distinct service))")).fetchall()
    return [lambda q=q: ask(q) for q in QUESTIONS]


def chdb_questions(path, is_native):
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
    return [lambda q=q: ask(q) for q in QUESTIONS]


def datafusion_questions(path, _):
    import datafusion
    context = datafusion.SessionContext()
    context.register_parquet("t", path)
    ask = lambda q: context.sql(
        spelled(q["sql"], "t", SET="SET", MEDIAN="median")
        .replace("SET(service)", "array_agg(distinct service order by service)")).collect()
    return [lambda q=q: ask(q) for q in QUESTIONS]


def polars_questions(path, is_native):
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
    return questions(lambda: frame if is_native else pl.scan_parquet(path))


PEERS = {
    "duckdb": ("DuckDB", duckdb_questions, False),
    "polars": ("Polars", polars_questions, False),
    "chdb": ("chdb", chdb_questions, False),
    "duckdb-table": ("DuckDB's table", duckdb_questions, True),
    "polars-memory": ("Polars in memory", polars_questions, True),
    "chdb-table": ("chdb's table", chdb_questions, True),
    "datafusion": ("DataFusion SQL", datafusion_questions, False),
}


# With columns decoded in memory, the first time, and with files read each time.
OURS = ["this engine", "first time", "nothing kept"]


class Records:
    """So many records, where they are, and what everybody took for them."""

    def __init__(self, folder, rows):
        self.rows, self.folder = rows, os.path.join(folder, f"records-{rows}")
        self.parquet, self.kept = self.folder + ".parquet", self.folder + ".json"
        self.known = json.load(open(self.kept)) if os.path.exists(self.kept) else {}

    def know(self, name, figures):
        self.known[name] = figures
        json.dump(self.known, open(self.kept, "w"))

    def print_table(self):
        columns = [name for name in [*OURS, *(name for name, _, _ in PEERS.values())] if name in self.known]
        print(f"\n### {self.rows:,} records\n")
        print("| | " + " | ".join(columns) + " |")
        print("|---|" + "---|" * len(columns))
        for n, question in enumerate(QUESTIONS):
            cells = [f"{self.known[name][n][0]:.2f}" if n < len(self.known[name]) else "" for name in columns]
            print(f"| {question['name']} | " + " | ".join(cells) + " |")
        least = {name: min(times for _, times in self.known[name]) for name in columns}
        print("\nAsked at least: " + ", ".join(f"{name} {times} times" for name, times in least.items()), flush=True)


def ask_engine(engine, records, given):
    def asked(cache):
        run = subprocess.run(engine + ["--rows", str(records.rows), "--times", str(given.times), "--seconds", str(given.seconds),
                                       "--cache", str(cache), "--data-dir", records.folder],
                             stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    kept, nothing_kept = asked(given.cache), asked(0)
    records.know("this engine", [[line["median_ms"], line["times"]] for line in kept])
    records.know("first time", [[line["first_ms"], 1] for line in kept])
    records.know("nothing kept", [[line["median_ms"], line["times"]] for line in nothing_kept])


def prepare(engine, records):
    if os.path.exists(records.parquet):
        return
    subprocess.run(engine + ["--rows", str(records.rows), "--data-dir", records.folder, "--fill"], check=True)
    import pyarrow as pa, pyarrow.parquet as pq
    segments = sorted(glob.glob(os.path.join(records.folder, "**", "*.parquet"), recursive=True),
                      key=lambda file: pq.ParquetFile(file).metadata.row_group(0).column(1).statistics.min)
    writer, unfinished = None, records.parquet + ".unfinished"
    for segment in segments:
        for batch in pq.ParquetFile(segment).iter_batches(batch_size=122_880):
            table = pa.table(batch)
            place = table.schema.get_field_index("_timestamp")
            without_zone = table["_timestamp"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
            table = table.set_column(place, "_timestamp", without_zone).drop_columns(["_seq", "_updated_at"])
            texts = [pa.field(f.name, pa.string() if pa.types.is_string_view(f.type) else f.type) for f in table.schema]
            table = table.cast(pa.schema(texts))
            writer = writer or pq.ParquetWriter(unfinished, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=122_880)
    writer.close()
    os.rename(unfinished, records.parquet)


def with_peers(folder):
    """Starts again in an environment that has the peers, made the first time."""
    home, wanted = os.path.join(folder, "venv"), os.path.join(HERE, "requirements.txt")
    python, mark = os.path.join(home, "bin", "python"), os.path.join(home, "requirements.txt")
    if os.path.abspath(sys.executable) == os.path.abspath(python):
        return
    if not os.path.exists(mark) or open(mark).read() != open(wanted).read():
        venv.create(home, clear=True, symlinks=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True)
        open(mark, "w").write(open(wanted).read())
    os.execv(python, [python, *sys.argv])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000, 20_000_000])
    arguments.add_argument("--times", type=int, default=31, help="how often a question is asked, at most")
    arguments.add_argument("--seconds", type=float, default=3, help="how long a question is asked again and again")
    arguments.add_argument("--minutes", type=float, default=60, help="after which nobody else is asked")
    arguments.add_argument("--cache", type=int, default=1_024, help="MiB of decoded columns that the engine may keep")
    arguments.add_argument("--folder", default="target/peers", help="where the peers and the records are")
    arguments.add_argument("--engine", help="the built engine-queries; without it, cargo builds it")
    arguments.add_argument("--only", nargs="+", choices=["engine", *PEERS], default=["engine", *PEERS],
                           help="who is asked; the others are shown as they were")
    arguments.add_argument("--prepare", action="store_true", help="make the records, and end")
    arguments.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    started = time.monotonic()
    with_peers(given.folder)
    if given.here:
        [rows], [peer] = given.rows, given.only
        records, (name, questions, is_native) = Records(given.folder, rows), PEERS[peer]
        figures = []
        for ask in questions(records.parquet, is_native):
            figures.append(median_ms(ask, given.times, given.seconds))
            # What is known stays known if there is no time for the rest.
            records.know(name, figures)
        return
    engine = [given.engine] if given.engine else ["cargo", "run", "--release", "-p", "benches", "--bin", "engine-queries", "--"]
    for rows in given.rows:
        records = Records(given.folder, rows)
        prepare(engine, records)
        if given.prepare:
            continue
        if "engine" in given.only:
            ask_engine(engine, records, given)
        for peer in (peer for peer in PEERS if peer in given.only):
            left = given.minutes * 60 - (time.monotonic() - started)
            own = [sys.executable, __file__, "--here", "--folder", given.folder, "--times", str(given.times),
                   "--seconds", str(given.seconds), "--rows", str(rows), "--only", peer]
            begun = time.monotonic()
            try:
                subprocess.run(own, check=True, timeout=max(left, 0))
                told = f"{time.monotonic() - begun:.0f} s"
            except subprocess.TimeoutExpired:
                told = f"not in {given.minutes:g} minutes"
            except subprocess.CalledProcessError as failure:
                told = str(failure)
            print(f"{PEERS[peer][0]}, {rows:,} records: {told}", file=sys.stderr, flush=True)
        Records(given.folder, rows).print_table()


if __name__ == "__main__":
    main()
