#!/usr/bin/env python3
"""How long searches take with many chunks: by words, by comparing every vector, and through the HNSW graph with its recall.

Called by scripts/search-speed with the folder of the man pages, then the numbers of chunks. Texts are paragraphs of Japanese man
pages, put together anew until there are enough. Queries are descriptions of pages; their vectors are the model's, and so are
those of some paragraphs, from which the other chunks' vectors are made (vectors.py). One client asks over one connection, one
question after another. "All" is what the client waits for; "part" is what the server says its ranking took: by words, or
comparing vectors, without reading the query with the model."""

import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import time

import numpy

from app import KEYS, PROJECT, running
from table import labelled, new_postgres
from vectors import Postgres, Sqlite

QUERIES = 200
WARM_UP = 20
READ_BY_THE_MODEL = 1_000
CHUNK_CHARS = 1_600
CHUNKS_A_DOCUMENT = 250
RECALL_AT = 10
WITHOUT_MODEL = {"APP_INFERENCE__ENABLED": "false"}


def paragraphs(documents):
    found = []
    for text in documents.values():
        found.extend(part for part in text.split("\n\n") if len(part) > 80)
    return found


def library(parts, chunks, seed):
    """Documents of about so many chunks, each a text of its own."""
    chosen, made = random.Random(seed), {}
    while len(made) * CHUNKS_A_DOCUMENT < chunks:
        text, length = [], 0
        while length < CHUNKS_A_DOCUMENT * CHUNK_CHARS:
            text.append(chosen.choice(parts))
            length += len(text[-1]) + 2
        made[f"document {seed}-{len(made)}"] = "\n\n".join(text)
    return made


class Client:
    """One connection that is kept."""

    def __init__(self, app):
        self.connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=120)

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {KEYS[1]}", "Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:500]!r}")
        return json.loads(text)

    def search(self, text, **more):
        return self.post(f"{PROJECT}/search", {"query": text, "verbatim": True, "limit": RECALL_AT, **more})


def percentiles(times):
    cut = statistics.quantiles(times, n=100)
    return f"{cut[49]:.1f} | {cut[94]:.1f}"


def measured(client, queries, part, **how):
    """Percentiles of the whole and of the part in ms, and the chunks that each query found."""
    for text in queries[:WARM_UP]:
        client.search(text, **how)
    times, found, parts = [], [], []
    for text in queries:
        began = time.perf_counter()
        answer = client.search(text, **how)
        times.append((time.perf_counter() - began) * 1e3)
        found.append({hit["chunk_id"] for hit in answer["hits"]})
        parts.append(client.search(text, explain=True, **how)["took_ms"])
    took = [sum(one[name] for name in part) for one in parts]
    return f"{percentiles(times)} | {percentiles(took)}", found


def recall(found, truth):
    return statistics.mean(len(some & all) / max(1, len(all)) for some, all in zip(found, truth))


def rows(client, queries, database):
    """What is compared, and its figures."""
    times, _ = measured(client, queries, ["words"], mode="lexical")
    yield f"words | {times} | "
    times, truth = measured(client, queries, ["vectors"], mode="vector", exact=True)
    yield f"vectors, every one | {times} | 1"
    if database == Postgres.name:
        times, found = measured(client, queries, ["vectors"], mode="vector")
        yield f"vectors, HNSW graph | {times} | {recall(found, truth):.3f}"
    times, _ = measured(client, queries, ["words", "vectors"], mode="hybrid")
    yield f"words and vectors | {times} | "


def prepared(database, folder, parts):
    """Has the model read one document, so that its vectors serve, and some paragraphs; their vectors."""
    with running(database, folder=folder) as app:
        app.upload_all({"first": "# The first\n\nA document about the first of all things."})
        while not app.search({"query": "first", "mode": "vector"})["vectors"]["compared"]:
            time.sleep(0.2)
        client, real = Client(app), []
        texts = random.Random(5).sample(parts, READ_BY_THE_MODEL)
        for first in range(0, len(texts), 50):
            body = {"model": "local/all-MiniLM-L6-v2", "input": texts[first:first + 50]}
            real.extend(item["embedding"] for item in client.post("/v1/embeddings", body)["data"])
    return numpy.array(real, dtype=numpy.float32)


def measure(store, database, folder, sizes, parts, queries):
    real, there = prepared(database, folder, parts), 1
    for size in sizes:
        with running(database, WITHOUT_MODEL, folder) as app:
            began = time.perf_counter()
            app.upload_all(library(parts, size - there, size))
            took = time.perf_counter() - began
        before, there = there, store.fill(real)
        print(f"({store.name}: {there - before} chunks were indexed in {took:.0f} s)", file=sys.stderr)
        with running(database, folder=folder) as app:
            for row in rows(Client(app), queries, store.name):
                print(f"| {store.name} | {there} | {row} |", flush=True)


def main():
    folder, sizes = sys.argv[1], sorted(int(size) for size in sys.argv[2:]) or [10_000, 100_000]
    documents, told = labelled(folder, "ja")
    parts = paragraphs(documents)
    queries = [text for text, _ in random.Random(3).sample(told, QUERIES)]
    print("| database | chunks | what is compared | all, p50 ms | p95 | part, p50 ms | p95 | recall@10 |\n"
          "|---|---|---|---|---|---|---|---|")
    for kind in (Sqlite, Postgres):
        with tempfile.TemporaryDirectory(prefix="search-speed-") as data:
            database = new_postgres() if kind is Postgres else None
            store = kind(database or os.path.join(data, "kaname.db"))
            measure(store, database, data, sizes, parts, queries)


if __name__ == "__main__":
    main()
