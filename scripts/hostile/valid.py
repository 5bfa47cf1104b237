"""Small files of every kind that is read, whole and harmless: what hostile ones are made from."""

import base64
import io
import struct
import zipfile
import zlib

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml"
CELLS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = f'xmlns:r="{RELATIONS}"'
XML = '<?xml version="1.0" encoding="UTF-8"?>'


def archive(parts, compression=zipfile.ZIP_DEFLATED):
    """A ZIP of parts, in their order; `mimetype` is never compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression, compresslevel=9) as made:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else compression
            made.writestr(entry, data)
    return out.getvalue()


def relations(*targets):
    made = "".join(
        f'<Relationship Id="rId{at}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, 1)
    )
    return f'{XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{made}</Relationships>'


def types(path, kind):
    return (
        f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{path}" ContentType="{kind}.main+xml"/></Types>'
    )


def core():
    return (
        f'{XML}<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc">'
        "<dc:title>A title</dc:title><dc:creator>Ada; 花子</dc:creator></cp:coreProperties>"
    )


def docx(**changed):
    body = (
        f"{XML}<w:document {W} {A}><w:body>"
        '<w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:r><w:t>見出し</w:t></w:r></w:p>'
        "<w:p><w:r><w:t>本文である。The text.</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        '<w:p><w:r><w:t>noted</w:t><w:footnoteReference w:id="2"/></w:r></w:p></w:body></w:document>'
    )
    parts = {
        "[Content_Types].xml": types("word/document.xml", f"{WORD}.document"),
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "docProps/core.xml": core(),
        "word/_rels/document.xml.rels": relations(("styles", "styles.xml"), ("footnotes", "footnotes.xml")),
        "word/styles.xml": f'{XML}<w:styles {W}><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style></w:styles>',
        "word/footnotes.xml": f'{XML}<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote></w:footnotes>',
        "word/document.xml": body,
    }
    return {**parts, **changed}


def pptx(**changed):
    slide = (
        f'{XML}<p:sld {P} {A}><p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr id="1" name="t"/>'
        '<p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>表題</a:t></a:r></a:p>'
        "</p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    parts = {
        "[Content_Types].xml": types("ppt/presentation.xml", f"{SLIDES}.presentation"),
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "docProps/core.xml": core(),
        "ppt/_rels/presentation.xml.rels": relations(("slide", "slides/slide1.xml")),
        "ppt/presentation.xml": f'{XML}<p:presentation {P} {R}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        "ppt/slides/slide1.xml": slide,
    }
    return {**parts, **changed}


def xlsx(**changed):
    parts = {
        "[Content_Types].xml": types("xl/workbook.xml", f"{CELLS}.sheet"),
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "docProps/core.xml": core(),
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/workbook.xml": f'{XML}<workbook {S} {R}><sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/sharedStrings.xml": f"{XML}<sst {S}><si><t>名前</t></si><si><t>value</t></si></sst>",
        "xl/styles.xml": f'{XML}<styleSheet {S}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'{XML}<worksheet {S}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c>'
        '<c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2"><v>1.5</v></c><c r="B2" s="1"><v>45413</v></c></row>'
        "</sheetData></worksheet>",
    }
    return {**parts, **changed}


def odt(**changed):
    names = 'xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:style="s" xmlns:meta="m" xmlns:dc="d"'
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "meta.xml": f"{XML}<office:document-meta {names}><dc:title>A title</dc:title></office:document-meta>",
        "styles.xml": f"{XML}<office:document-styles {names}/>",
        "content.xml": f"{XML}<office:document-content {names}><office:body><office:text>"
        '<text:h text:outline-level="1">見出し</text:h><text:p>本文<text:s text:c="3"/>である。</text:p>'
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"
        "</office:text></office:body></office:document-content>",
    }
    return {**parts, **changed}


def epub(**changed):
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{XML}<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": f'{XML}<package xmlns:dc="d"><metadata><dc:title>本</dc:title></metadata><manifest>'
        '<item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
        '<spine><itemref idref="c1"/></spine></package>',
        "OPS/nav.xhtml": f'{XML}<html><body><nav><a href="c1.xhtml">第一章</a></nav></body></html>',
        "OPS/c1.xhtml": f"{XML}<html><head><title>c</title></head><body><h1>第一章</h1>"
        "<p><ruby>漢字<rt>かんじ</rt></ruby>を読む。</p></body></html>",
    }
    return {**parts, **changed}


HTML = (
    "<!DOCTYPE html><html lang=ja><head><title>頁</title></head><body><h1>見出し</h1><p>本文。</p>"
    "<ul><li>one<li>two</ul><table><tr><td>a<td>b</table><pre>code</pre></body></html>"
)
MARKDOWN = "---\ntitle: A title\n---\n\n# 見出し\n\n本文。 *text*\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n"
PLAIN = "第1章　はじめに\n\n　これは本文である。二つ目の文。\n\n- one\n- two\n"
CSV = "名前,値\n花子,1\n太郎,2\n"


def png(width, height, rows=None):
    """One bit a pixel; the rows are white unless given."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    if rows is None:
        packer, packed = zlib.compressobj(9), []
        row = b"\0" + b"\xff" * ((width + 7) // 8)
        for _ in range(height):
            packed.append(packer.compress(row))
        rows = b"".join(packed) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(side):
    """A white one: every block repeats the one before, six bits of it, so one of 30,000 pixels has 10 MB."""
    out = b"\xff\xd8"
    out += b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\x01" * 64
    out += b"\xff\xc0" + struct.pack(">HBHHBBBB", 11, 8, side, side, 1, 1, 0x11, 0)
    # One code of two bits for "no difference", one of four for "nothing more in this block".
    lengths = [0, 1] + [0] * 14
    out += b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + bytes(lengths) + b"\x00"
    lengths = [0, 0, 0, 1] + [0] * 12
    out += b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes(lengths) + b"\x00"
    out += b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x00, 0, 63, 0)
    blocks = (side // 8) ** 2
    return out + bytes(blocks * 6 // 8) + b"\xff\xd9"


def tiff(side, deflated=True):
    """A white one, of one bit a pixel, or the head of one without its pixels."""
    packer, packed = zlib.compressobj(9), []
    if deflated:
        for _ in range(side):
            packed.append(packer.compress(b"\xff" * (side // 8)))
    data = b"".join(packed) + packer.flush()
    tags = [
        (256, 4, side), (257, 4, side), (258, 3, 1), (259, 3, 8), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, side), (279, 4, len(data)),
    ]
    out = b"II*\0" + struct.pack("<I", 8 + len(data) + len(data) % 2) + data + b"\0" * (len(data) % 2)
    out += struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        out += struct.pack("<HHII", tag, kind, 1, value)
    return out + struct.pack("<I", 0)


# One pixel, without loss.
WEBP = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")


def pdf(objects, trailer="", root=1):
    """Objects by their numbers, a table of where they are, and a trailer."""
    out, at = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, data in objects.items():
        at[number] = len(out)
        out += b"%d 0 obj\n" % number + (data if isinstance(data, bytes) else data.encode()) + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % at[number] if number in at else b"0000000000 00000 f \n"
    out += f"trailer\n<< /Size {size} /Root {root} 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def stream(data, extra=""):
    data = data.encode() if isinstance(data, str) else data
    return f"<< /Length {len(data)} {extra} >>\nstream\n".encode() + data + b"\nendstream"


FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def one_page(content, extra="", **changed):
    """The objects of a document of one page."""
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F 5 0 R >> >> >>",
        4: stream(content),
        5: FONT,
    }
    return {**objects, **{int(number): data for number, data in changed.items()}}


TEXT = "BT /F 12 Tf 72 700 Td (The text of a page, long enough to be read as one.) Tj ET"


def files():
    """Every kind, by the name of a file."""
    return {
        "valid.docx": archive(docx()),
        "valid.pptx": archive(pptx()),
        "valid.xlsx": archive(xlsx()),
        "valid.odt": archive(odt()),
        "valid.epub": archive(epub()),
        "valid.html": HTML.encode(),
        "valid.md": MARKDOWN.encode(),
        "valid.txt": PLAIN.encode(),
        "valid.sjis.txt": PLAIN.encode("cp932"),
        "valid.csv": CSV.encode(),
        "valid.png": png(64, 64),
        "valid.jpeg": jpeg(64),
        "valid.tiff": tiff(64),
        "valid.webp": WEBP,
        "valid.pdf": pdf(one_page(TEXT)),
    }
