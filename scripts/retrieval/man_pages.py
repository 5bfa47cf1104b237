"""Man pages as documents and labelled queries: the one-line description of each page, which must find the page.

The description stands in the page's NAME section, which is cut out of the page: what is left must answer for it.
"""

import gzip
import re
import sys
from pathlib import Path

FONTS = re.compile(r"\\f(?:\[[^]]*\]|\([A-Z]{2}|.)")
NAMED = re.compile(r"\\\((..)|\\\[([^]]*)\]")
SPECIAL = {"em": "—", "en": "–", "lq": "“", "rq": "”", "aq": "'", "dq": '"', "bu": "•", "co": "©", "ti": "~", "ha": "^"}
STRINGS = re.compile(r"\\\*(?:\(..|\[[^]]*\]|.)")
SIZES = re.compile(r"\\s[-+]?\d+|\\[hvw]'[^']*'")
NAME_HEADINGS = {"名前", "名称", "NAME", "書式名"}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PARAGRAPHS = {"PP", "P", "LP", "TP", "IP", "HP"}
TEXTLESS = {"TH", "RS", "RE", "nf", "fi", "sp", "br", "ft", "ad", "na", "ne", "in", "de", "ds", "nr",
            "ie", "el", "if", "ig", "so", "tr", "hy", "nh", "ta", "UE", "EX", "EE", "PD", "DT", "TS", "TE", "ll", "ps", "vs", "ti"}


def plain(text):
    """A line of roff without its escapes."""
    text = FONTS.sub("", text)
    text = STRINGS.sub("", text)
    text = SIZES.sub("", text)
    text = NAMED.sub(lambda found: SPECIAL.get(found[1] or found[2], ""), text)
    for escape, becomes in (("\\-", "-"), ("\\&", ""), ("\\ ", " "), ("\\~", " "), ("\\%", ""), ("\\|", ""), ("\\^", ""),
                            ("\\:", ""), ("\\c", ""), ("\\0", " "), ("\\e", "\\"), ("\\'", "'"), ("\\`", "`"), ("\\.", ".")):
        text = text.replace(escape, becomes)
    return text


def arguments(rest):
    """What follows a macro: words, or quoted strings."""
    return [quoted.replace('""', '"') if quoted else word for quoted, word in re.findall(r'"((?:[^"]|"")*)"|(\S+)', rest)]


def lines_of(source):
    """(heading or None, text) for each line that holds text."""
    heading_next = False
    for line in source.splitlines():
        line = re.sub(r'\\".*$', "", line).rstrip()
        if not line or line[0] == "'":
            continue
        if line[0] != ".":
            if heading_next:
                yield plain(line).strip(), ""
                heading_next = False
            else:
                yield None, plain(line)
            continue
        found = re.match(r"\.\s*(\S+)\s*(.*)", line)
        if not found:
            continue
        macro, rest = found.groups()
        if macro in ("SH", "Sh"):
            words = plain(" ".join(arguments(rest))).strip()
            if words:
                yield words, ""
            else:
                heading_next = True
        elif macro in PARAGRAPHS:
            yield None, ""
        elif macro in TEXTLESS or macro in ("\\", '\\"'):
            continue
        elif macro in ("BR", "BI", "IB", "IR", "RB", "RI"):
            yield None, plain("".join(arguments(rest)))
        else:
            yield None, plain(" ".join(arguments(rest)))


def page(path):
    """The page's description and its text without the section that holds it; None for an alias of another page."""
    source = gzip.open(path, "rt", encoding="utf-8", errors="replace").read()
    if source.lstrip().startswith(".so "):
        return None
    section, name, body = "", [], []
    for heading, text in lines_of(source):
        if heading is not None:
            section = heading
            if section not in NAME_HEADINGS:
                body.append(f"\n## {heading}\n")
        elif section in NAME_HEADINGS:
            name.append(text)
        else:
            body.append(text)
    _, dash, description = " ".join(name).partition(" - ")
    return (" ".join(description.split()) if dash else ""), "\n".join(body).strip()


def corpus(folder, language):
    """Documents by id, and queries as (text, the id of the page that it describes)."""
    documents, queries = {}, []
    for path in sorted(Path(folder).glob("man*/*.gz")):
        if path.is_symlink():
            continue
        found = page(path)
        if found is None or not found[1]:
            continue
        description, body = found
        name = path.name.removesuffix(".gz")
        documents[name] = body
        if description and (language != "ja" or JAPANESE.search(description)):
            queries.append((description, name))
    return documents, queries


if __name__ == "__main__":
    found_documents, found_queries = corpus(sys.argv[1], sys.argv[2])
    print(len(found_documents), "pages,", len(found_queries), "queries")
    for query in found_queries[:: max(1, len(found_queries) // 20)]:
        print(query)
