"""Makes many small data sets in a running server over HTTP, and asks each of them once.

    python3 benches/many_data_sets.py ADDRESS ADMIN-TOKEN [--data-sets 5000]

Data sets that are there already are asked only. Prints how long that takes; memory is told by `/metrics`.
"""

import argparse, http.client, json, threading, time

RECORDS = [{"_id": str(n), "_timestamp": f"2026-01-{n % 28 + 1:02}T00:00:00Z", "channel": "web", "count": n} for n in range(50)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("address", help="of the server, such as 127.0.0.1:3000")
    arguments.add_argument("admin_token")
    arguments.add_argument("--data-sets", type=int, default=5000)
    given = arguments.parse_args()

    def ask(connection, method, path, body=None, token=given.admin_token):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def make(first, step):
        connection = http.client.HTTPConnection(given.address)
        for number in range(first, given.data_sets, step):
            group = f"group-{number}"
            ask(connection, "POST", "/admin-api/data-groups", {"name": group})
            status, _ = ask(connection, "POST", "/admin-api/data-sets", {
                "data_group": group, "data_type": "volumes", "bearer_token": "write-here", "published": True})
            if status == 200:
                ask(connection, "POST", f"/data/{group}/volumes", RECORDS, "write-here")

    connection = http.client.HTTPConnection(given.address)
    ask(connection, "POST", "/admin-api/data-types", {"name": "volumes"})
    start = time.perf_counter()
    threads = [threading.Thread(target=make, args=(first, 8)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"made: {time.perf_counter() - start:.1f} s")

    def report(name, paths):
        times = []
        for path in paths:
            start = time.perf_counter()
            status, body = ask(connection, "GET", path)
            times.append((time.perf_counter() - start) * 1e3)
            if status != 200:
                raise SystemExit(f"{path} is answered {status}: {body[:200]!r}")
        times.sort()
        at = lambda share: times[min(int(len(times) * share), len(times) - 1)]
        print(f"{name}: p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms, slowest {times[-1]:.1f} ms")

    question = "volumes?group_by=channel&collect=count:sum"
    report("each data set once", [f"/data/group-{number}/{question}" for number in range(given.data_sets)])
    report("one data set, again", [f"/data/group-0/{question}"] * 200)
    report("configuration of one", ["/admin-api/data-sets/group_0_volumes"] * 200)
    report("list of all", ["/admin-api/data-sets"] * 20)


if __name__ == "__main__":
    main()
