"""How many bytes a record takes on disk: here, as JSON, in PostgreSQL (JSONB) and in DuckDB.

    python3 -m venv peers && peers/bin/pip install duckdb
    performance-platform demo --data-dir ./sample --scale 10     # then stop it: everything goes into segments
    peers/bin/python benches/peers/bytes_on_disk.py ./sample

The records are those of the largest sample data sets, as the server gives them out. PostgreSQL is started in a temporary folder by the
binaries below /usr/lib/postgresql; where there are none it is left out. Its tables have the usual primary key on the id. DuckDB keeps each
key in a column of its own type, without an index.
"""

import argparse, glob, json, os, pathlib, subprocess, tempfile, urllib.error, urllib.request


def size_of(folder, pattern="*"):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob(pattern) if path.is_file())


def serve(binary, data_dir):
    server = subprocess.Popen([binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data_dir],
                              stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if line.startswith("Listening on "):
            return server, line.removeprefix("Listening on ").strip()
    raise SystemExit("the server did not start")


def records_of(base, data_set):
    """`None` for a data set that gives no records out, only figures."""
    try:
        with urllib.request.urlopen(f"{base}/{data_set}?format=ndjson") as answer:
            return [json.loads(line) for line in answer]
    except urllib.error.HTTPError:
        return None


def without_derived(record):
    """What was sent and what is stored: the starts of periods follow from the time."""
    return {key: value for key, value in record.items() if not key.startswith("_") or key in KEPT}


KEPT = {"_id", "_timestamp", "_updated_at", "_start_at", "_end_at"}


def duckdb_bytes(folder, lines):
    import duckdb
    path = os.path.join(folder, "records.duckdb")
    connection = duckdb.connect(path)
    connection.execute(f"create table records as select * from read_json('{lines}', format = 'newline_delimited')")
    connection.execute("checkpoint")
    connection.close()
    return os.path.getsize(path)


class PostgreSQL:
    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        self.bin = found[-1] if found else None
        self.folder = os.path.join(folder, "postgresql")

    def run(self, *command, **options):
        if os.geteuid() == 0:  # it refuses to be run by root
            command = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command)
        return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()

    def start(self):
        os.makedirs(self.folder)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres", os.path.dirname(self.folder)], check=True)
        self.run(f"{self.bin}/initdb", "-D", f"{self.folder}/data", "-A", "trust")
        self.run(f"{self.bin}/pg_ctl", "-D", f"{self.folder}/data", "-w", "-o", f"-k {self.folder} -c listen_addresses=''",
                 "-l", f"{self.folder}/log", "start")

    def stop(self):
        self.run(f"{self.bin}/pg_ctl", "-D", f"{self.folder}/data", "-m", "fast", "stop")

    def sql(self, *statements, **options):
        commands = [part for statement in statements for part in ("-c", statement)]
        return self.run(f"{self.bin}/psql", "-h", self.folder, "-U", "postgres", "-d", "postgres", "-qAt", *commands, **options)

    def jsonb_bytes(self, lines):
        # Control characters end a quoted field in no JSON text, so that each line is one value.
        with open(lines) as records:
            self.sql("drop table if exists records",
                     "create table records (id text primary key, body jsonb not null)",
                     "create temp table raw (body jsonb)",
                     "copy raw from stdin with (format csv, quote e'\\x01', delimiter e'\\x02')",
                     "insert into records select body->>'_id', body from raw",
                     "vacuum full records", stdin=records)
        return tuple(int(self.sql(f"select {size}('records')")) for size in ("pg_table_size", "pg_total_relation_size"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--binary", default="target/release/performance-platform")
    parser.add_argument("--data-sets", type=int, default=4, help="how many, the largest first")
    options = parser.parse_args()
    subprocess.run([options.binary, "store", "compact", "--data-dir", options.data_dir], check=True, capture_output=True)
    folders = {pathlib.Path(path).name: (size_of(path, "*.parquet"), size_of(path, "*.ids"))
               for path in glob.glob(f"{options.data_dir}/records/data-sets/*")}
    largest = sorted(folders, key=folders.get, reverse=True)
    server, base = serve(options.binary, options.data_dir)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        postgresql = PostgreSQL(folder)
        if postgresql.bin:
            postgresql.start()
        try:
            for data_set in largest:
                given = records_of(base, data_set)
                if given is None or len(rows) == options.data_sets:
                    continue
                records = [without_derived(record) for record in given]
                lines = os.path.join(folder, "records.ndjson")
                with open(lines, "w") as file:
                    file.writelines(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
                jsonb = postgresql.jsonb_bytes(lines) if postgresql.bin else (None, None)
                sizes = [*folders[data_set], os.path.getsize(lines), *jsonb, duckdb_bytes(folder, lines)]
                os.remove(os.path.join(folder, "records.duckdb"))
                rows.append((data_set, len(records), sizes))
        finally:
            server.terminate()
            server.wait()
            if postgresql.bin:
                postgresql.stop()
    print("| Data set | Records | Segments | their files of ids | JSON | PostgreSQL JSONB | the same with its index | DuckDB |")
    print("|---|---|---|---|---|---|---|---|")
    for data_set, count, sizes in rows:
        shown = " | ".join("-" if size is None else f"{size / count:.1f}" for size in sizes)
        print(f"| `{data_set}` | {count:,} | {shown} |")


main()
