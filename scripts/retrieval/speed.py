#!/usr/bin/env python3
"""How long searches take with many chunks: by words, by exact vectors and through the HNSW graph, on both databases.

Called by scripts/search-speed with the folder of the man pages, then the numbers of chunks. Texts are man pages, cut and put
together anew until there are enough; vectors are random ones around random centres (a stand-in for embeddings: uniform ones
have no neighbours worth finding), written straight into the database, and a query's vector is the model's. One client asks, one
question after another, over HTTP."""

import os
import random
import sqlite3
import statistics
import struct
import subprocess
import sys
import time

from app import running
from table import labelled, new_postgres

QUERIES = 200
CHUNK_CHARS = 1_600
CHUNKS_A_DOCUMENT = 250
CENTRES = 2_000
SPREAD = 0.6
RECALL_AT = 10


def pieces(documents):
    """Paragraphs of man pages."""
    found = []
    for text in documents.values():
        found.extend(part for part in text.split("\n\n") if len(part) > 80)
    return found


def library(documents, chunks):
    """Documents of about so many chunks, each a text of its own."""
    chosen, parts, made = random.Random(7), pieces(documents), {}
    while len(made) * CHUNKS_A_DOCUMENT < chunks:
        text, length = [], 0
        while length < CHUNKS_A_DOCUMENT * CHUNK_CHARS:
            part = chosen.choice(parts)
            text.append(part)
            length += len(part) + 2
        made[f"document {len(made)}"] = "\n\n".join(text)
    return made


def percentiles(times):
    cut = statistics.quantiles(times, n=100)
    return f"{cut[49] * 1e3:.1f} | {cut[94] * 1e3:.1f}"


def ask(app, queries, body):
    """Seconds of each query, and the chunks that it found."""
    times, found = [], []
    for text in queries:
        began = time.perf_counter()
        answer = app.search({"query": text, "verbatim": True, "limit": RECALL_AT, **body})
        times.append(time.perf_counter() - began)
        found.append([hit["chunk_id"] for hit in answer["hits"]])
    return times, found


def vectors(count, dimension):
    """Vectors of length 1 around centres, as numbers."""
    chosen = random.Random(11)
    centres = [[chosen.gauss(0, 1) for _ in range(dimension)] for _ in range(CENTRES)]
    for _ in range(count):
        vector = [x + chosen.gauss(0, SPREAD) for x in chosen.choice(centres)]
        length = sum(x * x for x in vector) ** 0.5
        yield [x / length for x in vector]


def fill(database, folder):
    """Gives every chunk of the serving space a vector, in place of what the model made."""
    if database is None:
        connection = sqlite3.connect(os.path.join(folder, "kaname.db"), timeout=60)
        space, dimension = connection.execute("SELECT number, dimension FROM document_space").fetchone()
        chunks = [row[0] for row in connection.execute("SELECT number FROM document_chunk WHERE tokens > 0")]
        rows = ((space, chunk, struct.pack(f"<{dimension}e", *vector))
                for chunk, vector in zip(chunks, vectors(len(chunks), dimension)))
        connection.executemany("INSERT OR REPLACE INTO document_vector VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE document_space SET state = 'serving', changes = changes + 1")
        connection.commit()
        connection.close()
        return len(chunks)
    psql = [os.path.join(os.environ["TEST_POSTGRES_BIN"], "psql"), "--quiet", "--tuples-only", "--no-align", database]

    def sql(text):
        return subprocess.run([*psql, "--command", text], check=True, capture_output=True, text=True).stdout.strip()

    space, dimension = map(int, sql("SELECT number, dimension FROM document_space").split("|"))
    chunks = sql("SELECT number FROM document_chunk WHERE tokens > 0").split()
    sql(f"DROP INDEX document_vector_{space}_hnsw; DELETE FROM document_vector")
    copy = subprocess.Popen([*psql, "--command", "COPY document_vector FROM STDIN"], stdin=subprocess.PIPE, text=True)
    for chunk, vector in zip(chunks, vectors(len(chunks), dimension)):
        copy.stdin.write(f"{space}\t{chunk}\t[{','.join(f'{x:.5f}' for x in vector)}]\n")
    copy.stdin.close()
    copy.wait()
    began = time.perf_counter()
    sql(f"CREATE INDEX document_vector_{space}_hnsw ON document_vector_{space} "
        f"USING hnsw ((embedding::halfvec({dimension})) halfvec_ip_ops); ANALYZE")
    print(f"(the graph of {len(chunks)} vectors was built in {time.perf_counter() - began:.0f} s)", file=sys.stderr)
    sql("UPDATE document_space SET state = 'serving', changes = changes + 1")
    return len(chunks)


def measure(name, database, documents, queries, chunks):
    # The model reads queries; that it reads no chunks is the worker's job not being there.
    with running(database, {"APP_INFERENCE__ENABLED": "false"}) as app:
        began = time.perf_counter()
        app.upload_all(library(documents, chunks))
        print(f"({name}: {chunks} chunks were indexed in {time.perf_counter() - began:.0f} s)", file=sys.stderr)
        ask(app, queries[:20], {"mode": "lexical"})
        times, _ = ask(app, queries, {"mode": "lexical"})
        print(f"| {name} | {chunks} | words | {percentiles(times)} | |", flush=True)


def main():
    folder, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]] or [10_000, 100_000]
    documents, told = labelled(folder, "ja")
    queries = [text for text, _ in random.Random(3).sample(told, QUERIES)]
    print("| database | chunks | what is compared | p50 ms | p95 ms | recall@10 |\n|---|---|---|---|---|---|")
    for chunks in sizes:
        for name, database in (("SQLite", None), ("PostgreSQL", new_postgres())):
            measure(name, database, documents, queries, chunks)


if __name__ == "__main__":
    main()
