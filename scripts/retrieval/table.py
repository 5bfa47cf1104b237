#!/usr/bin/env python3
"""How well man pages are found by their one-line descriptions: SQLite's own tokenizers beside Kaname on both databases.

Called by scripts/search-quality with the folder that holds the man pages. Each description that only one page has, of a
page of 400 characters or more, is a query; the page without its NAME section is what it should find."""

import collections
import math
import os
import re
import sqlite3
import subprocess
import sys
import urllib.parse
import uuid

from app import running
from man_pages import corpus

PAGE_MIN_CHARS = 400
CUTOFF = 10
LANGUAGES = {"ja": "ja", "en": ""}


def labelled(folder, language):
    documents, queries = corpus(os.path.join(folder, LANGUAGES[language]), language)
    times = collections.Counter(text for text, _ in queries)
    told = [
        (text, page)
        for text, page in queries
        if times[text] == 1 and len(" ".join(documents[page].split())) >= PAGE_MIN_CHARS and "マニュアルページ" not in text
    ]
    return documents, told


def full_text(documents, queries, tokenizer):
    """nDCG@10, and how many queries find nothing, with FTS5's own BM25: any of the words, as it cuts them."""
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE pages USING fts5(name UNINDEXED, text, tokenize = '{tokenizer}')")
    database.executemany("INSERT INTO pages VALUES (?, ?)", documents.items())
    total, empty = 0.0, 0
    for text, page in queries:
        words = re.findall(r"\w+", text)
        if tokenizer == "trigram":
            words = [word[at:at + 3] for word in words for at in range(max(1, len(word) - 2))]
        match = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        rows = database.execute(
            "SELECT name FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT ?", (match, CUTOFF)).fetchall() if match else []
        empty += not rows
        found = [row[0] for row in rows]
        if page in found:
            total += 1 / math.log2(found.index(page) + 2)
    return total / len(queries), empty


def ours(documents, queries, language, database):
    with running(database, {"APP_INFERENCE__ENABLED": "false"}) as app:
        ids = app.upload_all({name: f"# {name}\n\n{text}" for name, text in documents.items()})
        run = app.evaluate([(text, ids[page]) for text, page in queries], language)
        return run["report"]["all"]


def new_postgres():
    """The URL of a database of its own on TEST_POSTGRES_URL's server."""
    url, name = os.environ["TEST_POSTGRES_URL"], f"search_{uuid.uuid4().hex[:8]}"
    psql = os.path.join(os.environ["TEST_POSTGRES_BIN"], "psql")
    subprocess.run([psql, "--quiet", url, "--command", f"CREATE DATABASE {name}"], check=True)
    return urllib.parse.urlsplit(url)._replace(path="/" + name).geturl()


def main():
    folder, languages = sys.argv[1], sys.argv[2:] or list(LANGUAGES)
    for language in languages:
        documents, queries = labelled(folder, language)
        print(f"\n{language}: {len(documents)} pages, {len(queries)} queries\n")
        print("| words | nDCG@10 | queries that find nothing | recall@10 | MRR |\n|---|---|---|---|---|")
        for tokenizer in ("unicode61", "trigram"):
            ndcg, empty = full_text(documents, queries, tokenizer)
            print(f"| FTS5 {tokenizer} | {ndcg:.3f} | {empty} | | |", flush=True)
        for name, database in (("SQLite", None), ("PostgreSQL", new_postgres())):
            found = ours(documents, queries, language, database)
            empty = round(found["zero_hit_rate"] * found["queries"])
            print(f"| ours, {name} | {found['ndcg_10']:.4f} | {empty} | {found['recall_10']:.3f} | {found['mrr']:.3f} |",
                  flush=True)


if __name__ == "__main__":
    main()
