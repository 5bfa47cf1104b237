"""Vectors for more chunks than a model can read in a test's time, put straight into the database.

The model reads some real paragraphs. Each further vector is one of theirs with noise of so much length that its cosine with it
is NEARNESS: as near as paragraphs on one matter are. Uniform random vectors would have no neighbours worth finding, and a graph
over them says nothing about one over texts. Needs numpy."""

import os
import sqlite3
import subprocess
import sys
import time

import numpy

NEARNESS = 0.8
AT_ONCE = 10_000


def perturbed(real, count, seed):
    """So many vectors of length 1, in half precision, as arrays of at most AT_ONCE."""
    chosen = numpy.random.default_rng(seed)
    length = (NEARNESS**-2 - 1) ** 0.5
    for first in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - first)
        noise = chosen.standard_normal((some, real.shape[1]), dtype=numpy.float32)
        noise *= length / numpy.linalg.norm(noise, axis=1, keepdims=True)
        made = real[chosen.integers(len(real), size=some)] + noise
        made /= numpy.linalg.norm(made, axis=1, keepdims=True)
        yield made.astype("<f2")


class Sqlite:
    name = "SQLite"

    def __init__(self, path):
        self.path = path

    def fill(self, real):
        """Gives every chunk of the serving space a vector that has none; how many chunks have one."""
        connection = sqlite3.connect(self.path, timeout=60)
        (space,) = connection.execute("SELECT number FROM document_space WHERE state = 'serving'").fetchone()
        missing = [row[0] for row in connection.execute(
            "SELECT number FROM document_chunk WHERE tokens > 0 AND number NOT IN "
            "(SELECT chunk_number FROM document_vector WHERE space_number = ?)", (space,))]
        numbers = iter(missing)
        for some in perturbed(real, len(missing), len(missing)):
            rows = [(space, number, vector.tobytes()) for vector, number in zip(some, numbers)]
            connection.executemany("INSERT INTO document_vector VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE document_space SET changes = changes + 1")
        connection.commit()
        (count,) = connection.execute("SELECT count(*) FROM document_vector").fetchone()
        connection.close()
        return count


class Postgres:
    name = "PostgreSQL"

    def __init__(self, url):
        self.psql = [os.path.join(os.environ["TEST_POSTGRES_BIN"], "psql"), "--quiet", "--tuples-only", "--no-align", url]

    def ask(self, sql):
        return subprocess.run([*self.psql, "--command", sql], check=True, capture_output=True, text=True).stdout.split()

    def fill(self, real):
        """As for SQLite; and builds the graph over all vectors."""
        (space,) = self.ask("SELECT number FROM document_space WHERE state = 'serving'")
        table = f"document_vector_{space}"
        missing = self.ask("SELECT number FROM document_chunk WHERE tokens > 0 AND number NOT IN "
                           f"(SELECT chunk_number FROM {table})")
        self.ask(f"DROP INDEX {table}_hnsw")
        command = [*self.psql, "--command", f"COPY {table} FROM STDIN"]
        copy = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        numbers = iter(missing)
        for some in perturbed(real, len(missing), len(missing)):
            for vector, number in zip(some.astype(float).round(5).tolist(), numbers):
                copy.stdin.write(f"{space}\t{number}\t[{','.join(map(str, vector))}]\n")
        copy.stdin.close()
        if copy.wait() != 0:
            raise RuntimeError("the vectors could not be copied")
        began = time.perf_counter()
        self.ask(f"SET maintenance_work_mem = '1GB'; CREATE INDEX {table}_hnsw ON {table} "
                 f"USING hnsw ((embedding::halfvec({real.shape[1]})) halfvec_ip_ops)")
        self.ask("UPDATE document_space SET changes = changes + 1; ANALYZE")
        (count,) = self.ask(f"SELECT count(*) FROM {table}")
        print(f"(the graph of {count} vectors was built in {time.perf_counter() - began:.0f} s)", file=sys.stderr)
        return int(count)
