"""Archives that are not what they say: bombs, overlaps, names of other files, parts without end."""

import io
import struct
import zipfile

from . import valid
from .valid import A, P, R, S, W, XML, archive

TRAVERSING = ["../../../../../../etc/cron.d/kaname", "/etc/passwd", "..\\..\\windows\\system.ini", "C:\\boot.ini"]
LAUGHS = "<!DOCTYPE lolz [<!ENTITY lol0 'lol'>" + "".join(
    f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"
EXTERNAL = "<!DOCTYPE x [<!ENTITY lol9 SYSTEM 'file:///etc/passwd'>]>"
FETCHED = "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/evil.dtd'>"
MAKERS = {"docx": valid.docx, "pptx": valid.pptx, "xlsx": valid.xlsx, "odt": valid.odt, "epub": valid.epub}
#: For each kind, a part that is read, and where text stands in it.
PARTS = {
    "docx": [
        ("word/document.xml", f"<w:document {W}><w:body><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:body></w:document>"),
        ("docProps/core.xml", '<c xmlns:dc="d"><dc:title>%s</dc:title></c>'),
        ("word/styles.xml", f"<w:styles {W}>%s</w:styles>"),
        ("_rels/.rels", "<Relationships>%s</Relationships>"),
    ],
    "pptx": [
        ("ppt/slides/slide1.xml", f"<p:sld {P} {A}><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:sld>"),
        ("ppt/presentation.xml", f"<p:presentation {P} {R}>%s</p:presentation>"),
    ],
    "xlsx": [
        ("xl/sharedStrings.xml", f"<sst {S}><si><t>%s</t></si></sst>"),
        ("xl/worksheets/sheet1.xml", f'<worksheet {S}><sheetData><row><c t="str"><v>%s</v></c></row></sheetData></worksheet>'),
    ],
    "odt": [
        ("content.xml", '<o:c xmlns:o="o" xmlns:text="t"><text:p>%s</text:p></o:c>'),
        ("meta.xml", '<m xmlns:dc="d"><dc:title>%s</dc:title></m>'),
    ],
    "epub": [
        ("OPS/book.opf", '<package xmlns:dc="d"><dc:title>%s</dc:title></package>'),
        ("OPS/c1.xhtml", "<html><body><p>%s</p></body></html>"),
        ("META-INF/container.xml", "<container>%s</container>"),
    ],
}


def bombs():
    spaces = " " * (64 * 1024 * 1024)
    for kind, (part, frame) in {kind: parts[0] for kind, parts in PARTS.items()}.items():
        yield f"bomb.{kind}", archive(MAKERS[kind](**{part: XML + frame % spaces})), ["too_large"]
    # Each level holds ten of the one below; nothing is ever looked for in an archive inside one.
    level = archive({"zeros": b"\0" * (10 * 1024 * 1024)})
    for _ in range(4):
        level = archive({f"{n}.zip": level for n in range(10)})
    yield "bomb-nested.zip", level, ["unsupported_type"]
    yield "bomb-nested.docx", archive(valid.docx(**{"word/embeddings/inner.zip": level})), ["read"]
    yield "bomb-overlap.docx", overlapping(), ["unsafe", "damaged"]
    many = archive({**valid.docx(), **{f"word/media/{n}": b"" for n in range(20_000)}})
    yield "entries.docx", many, ["too_large"]
    yield "entries-lie.docx", lying(archive(valid.docx())), ["damaged", "too_large", "unsupported_type"]


def overlapping():
    """Every entry of the list is the same bytes of the file."""
    whole = bytearray(archive(valid.docx()))
    made = zipfile.ZipFile(io.BytesIO(bytes(whole)))
    start = made.start_dir
    listed, entry = bytearray(whole[start:]), made.infolist()[0]
    end = listed.rfind(b"PK\x05\x06")
    one = bytes(listed[: 46 + len(entry.filename)])
    copies = b"".join(one[:46] + b"%019d" % n for n in range(1_000))
    assert len(entry.filename) == 19
    directory = bytes(listed[:end]) + copies
    count = len(made.infolist()) + 1_000
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return bytes(whole[:start]) + directory + tail


def lying(whole):
    """Its end says that there are as many entries as can be."""
    at = whole.rfind(b"PK\x05\x06")
    return whole[: at + 8] + b"\xfe\xff\xfe\xff" + whole[at + 12 :]


def entities():
    for kind, parts in PARTS.items():
        for at, (part, frame) in enumerate(parts):
            for name, declared in {"laughs": LAUGHS, "xxe": EXTERNAL, "dtd": FETCHED}.items():
                data = XML + declared + frame % "&lol9;"
                # A book may name a document type; what it declares there is never read.
                expected = ["unsafe", "damaged", "read"] if kind == "epub" and name == "dtd" else ["unsafe"]
                yield f"{name}-{at}.{kind}", archive(MAKERS[kind](**{part: data})), expected
            bare = XML + frame % "&lol9;"
            yield f"entity-{at}.{kind}", archive(MAKERS[kind](**{part: bare})), ["unsafe", "damaged", "read"]


def names():
    for kind, make in MAKERS.items():
        parts = {**make(), **{name: "hostile" for name in TRAVERSING}}
        yield f"traversal.{kind}", archive(parts), ["read"]
    link = zipfile.ZipInfo("word/link.xml")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO(archive(valid.docx()))
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(link, "/etc/passwd")
    yield "symlink.docx", out.getvalue(), ["read"]
    outside = valid.relations(("officeDocument", "../../../../../../etc/passwd"))
    yield "traversal-target.docx", archive(valid.docx(**{"_rels/.rels": outside})), ["damaged"]
    outside = valid.epub()["OPS/book.opf"].replace("c1.xhtml", "../../../../../etc/passwd")
    yield "traversal-target.epub", archive(valid.epub(**{"OPS/book.opf": outside})), ["damaged"]


def depths():
    deep = 100_000
    nested = "<w:tbl><w:tr><w:tc>" * deep
    body = f"{XML}<w:document {W}><w:body>{nested}</w:body></w:document>"
    yield "deep.docx", archive(valid.docx(**{"word/document.xml": body})), ["too_large"]
    closed = "<w:sdt>" * 400 + "<w:p><w:r><w:t>in</w:t></w:r></w:p>" + "</w:sdt>" * 400
    body = f"{XML}<w:document {W}><w:body>{closed}</w:body></w:document>"
    yield "deep-within.docx", archive(valid.docx(**{"word/document.xml": body})), ["read"]
    slide = f"{XML}<p:sld {P}>" + "<p:grpSp>" * deep
    yield "deep.pptx", archive(valid.pptx(**{"ppt/slides/slide1.xml": slide})), ["too_large"]
    text = '<o:c xmlns:o="o" xmlns:text="t">' + "<text:list>" * deep
    yield "deep.odt", archive(valid.odt(**{"content.xml": XML + text})), ["too_large"]
    page = f"{XML}<html><body>" + "<div>" * deep
    yield "deep.epub", archive(valid.epub(**{"OPS/c1.xhtml": page})), ["too_large"]


def counts():
    """Numbers that ask for more than there is."""
    body = (
        f"{XML}<w:document {W}><w:body><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='4000000000'/></w:tcPr>"
        "<w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"
    )
    yield "span.docx", archive(valid.docx(**{"word/document.xml": body})), ["read"]
    loop = f'{XML}<w:styles {W}><w:style w:styleId="1"><w:basedOn w:val="1"/></w:style></w:styles>'
    yield "style-loop.docx", archive(valid.docx(**{"word/styles.xml": loop})), ["read"]
    text = (
        '<o:c xmlns:o="o" xmlns:text="t" xmlns:table="b"><table:table><table:table-row table:number-rows-repeated="99999999">'
        '<table:table-cell table:number-columns-repeated="99999999"><text:p>a<text:s text:c="999999999"/></text:p>'
        "</table:table-cell></table:table-row></table:table></o:c>"
    )
    yield "repeated.odt", archive(valid.odt(**{"content.xml": XML + text})), ["read"]
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>{n}</v></c><c r="{column(n)}{n}"><v>1</v></c></row>' for n in range(1, 16_000))
    sheet = f"{XML}<worksheet {S}><sheetData>{rows}</sheetData></worksheet>"
    yield "diagonal.xlsx", archive(valid.xlsx(**{"xl/worksheets/sheet1.xml": sheet})), ["read", "too_large"]
    sheet = f'{XML}<worksheet {S}><sheetData><row r="99999999999"><c r="ZZZZZZZZZ1" t="s" s="99999"><v>99999999</v></c></row></sheetData></worksheet>'
    yield "beyond.xlsx", archive(valid.xlsx(**{"xl/worksheets/sheet1.xml": sheet})), ["read"]
    cells = "<row>" + "<c><v>1</v></c>" * 2_100_000 + "</row>"
    sheet = f"{XML}<worksheet {S}><sheetData>{cells}</sheetData></worksheet>"
    yield "cells.xlsx", archive(valid.xlsx(**{"xl/worksheets/sheet1.xml": sheet})), ["too_large"]


def column(number):
    letters = ""
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def files():
    for make in (bombs, entities, names, depths, counts):
        yield from make()
