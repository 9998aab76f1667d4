"""The row of `Benchmarks/run` for PostgreSQL: vectors from a file into a table, beside `psql \\copy` of the same rows.

The server is started here, in a folder of its own, with its usual settings (scripts/bootstrap --postgres).
"""
import contextlib
import glob
import os
import random
import subprocess
import sys
import tempfile
import time

LENGTH = 2048


@contextlib.contextmanager
def server():
    """A PostgreSQL on a Unix socket; gives the socket's folder. It does not run as root."""
    found = glob.glob("/usr/lib/postgresql/*/bin")
    if not found:
        sys.exit("the postgres rows need a server: scripts/bootstrap --postgres")
    tools = max(found, key=lambda path: int(path.split("/")[4]))
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="lightbox-pg") as folder:
        os.chmod(folder, 0o777)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        data = os.path.join(folder, "data")
        subprocess.run([*drop, f"{tools}/initdb", "-D", data, "-U", "lightbox", "-A", "trust", "-E", "UTF8"],
                       check=True, **quiet)
        process = subprocess.Popen(
            [*drop, f"{tools}/postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "max_wal_size=2GB"],
            **quiet)
        try:
            while subprocess.run([f"{tools}/pg_isready", "-q", "-h", folder], check=False).returncode:
                time.sleep(0.1)
            yield folder
        finally:
            process.terminate()
            process.wait()


def write_vectors(folder, count):
    """The same rows as CSV, arrays as PostgreSQL has them, and as JSON lines. Numbers as `lightbox embed` gives them."""
    numbers = random.Random(1)
    pool = [f"{numbers.random():.9g}" for _ in range(1 << 16)]
    with open(f"{folder}/vectors.csv", "w") as table, open(f"{folder}/vectors.jsonl", "w") as lines:
        table.write("study,instance,feature_vector\n")
        for number in range(count):
            start = numbers.randrange(len(pool) - LENGTH)
            values = ",".join(pool[start:start + LENGTH])
            table.write(f'1.2.{number // 10}.x,1.2.3.{number}.x,"{{{values}}}"\n')
            lines.write(f'{{"study":"1.2.{number // 10}.x","instance":"1.2.3.{number}.x","feature_vector":[{values}]}}\n')


def seconds(command, **settings):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **settings)
    return time.perf_counter() - start


def measure(lightbox, count):
    """Seconds of each way, and of the search for the ten nearest."""
    with server() as socket, tempfile.TemporaryDirectory() as folder:
        write_vectors(folder, count)
        psql = ["psql", "-qXh", socket, "-U", "lightbox", "postgres", "-v", "ON_ERROR_STOP=1"]
        environment = os.environ | {"LIGHTBOX_DATABASE": f"postgres:///postgres?host={socket}&user=lightbox&schema=bench"}
        home = ["--home", f"{folder}/home"]
        columns = "study text, instance text, feature_vector real[]"
        subprocess.run([*psql, "-c", f"CREATE TABLE plain ({columns}); CREATE TABLE external ({columns}); "
                        "ALTER TABLE external ALTER feature_vector SET STORAGE EXTERNAL"], check=True)
        found = {}

        def copied(table):
            found[f"psql \\copy, {table} storage"] = seconds(
                [*psql, "-c", f"\\copy {table} FROM '{folder}/vectors.csv' CSV HEADER"])

        def loaded(name):
            found[f"lightbox load {name}"] = seconds(
                [lightbox, "load", f"{folder}/{name}", "--table", "features", "--truncate", *home], env=environment)

        copied("plain")
        loaded("vectors.csv")
        loaded("vectors.jsonl")
        copied("external")
        query = ("SELECT instance FROM features ORDER BY cosine_similarity(feature_vector, (SELECT feature_vector FROM "
                 "features WHERE instance = '1.2.3.7.x')) DESC LIMIT 10")
        found["ten nearest"] = seconds([lightbox, "query", query, *home], env=environment)
        return found


if __name__ == "__main__":
    for name, value in measure(sys.argv[1], int(sys.argv[2])).items():
        print(f"{name:36} {value:8.2f} s", flush=True)
