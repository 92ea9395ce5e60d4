"""Real files of every format that the tests read, made with the libraries that people's programs use, or byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

SENTENCES = [
    "The harbour of Lunden was rebuilt in 1687 after a storm had taken its eastern wall.",
    "Masons brought granite from the quarries at Hestholm, two days by barge up the river.",
    "A toll of three silver marks was asked of every ship that wished to winter there.",
    "The town's archive keeps the ledger in which the harbour master wrote each arrival.",
    "Herring, timber and salt made up nine tenths of the trade in those years.",
    "When the river changed its course in 1742, the lower quay fell dry within a decade.",
    "Children of the town still learn the rhyme that names the seven lost piers.",
    "The lighthouse, first lit with whale oil, was given an electric lamp in 1911.",
]


def pdf(path: Path, pages: Sequence[Sequence[str]], *, headings: Sequence[str] = (), outline: bool = False, password: str | None = None) -> Path:
    """A PDF with one paragraph per string; ``headings[i]`` stands in large letters on top of page ``i``."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption(password, canPrint=0) if password else None)
    for number, paragraphs in enumerate(pages):
        y = 780
        if number < len(headings):
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(72, y, headings[number])
            if outline:
                canvas.bookmarkPage(f"p{number}")
                canvas.addOutlineEntry(headings[number], f"p{number}", level=0)
            y -= 36
        canvas.setFont("Helvetica", 11)
        for paragraph in paragraphs:
            for line in simpleSplit(paragraph, "Helvetica", 11, 450):
                canvas.drawString(72, y, line)
                y -= 14
            y -= 10
        canvas.showPage()
    canvas.save()
    return path


def long_pdf(path: Path, pages: int) -> Path:
    """``pages`` full pages of English prose that repeats nothing word for word: the interpreter's own reference, re-cut."""
    from pydoc_data.topics import topics

    words = " ".join(topics[name] for name in sorted(topics)).split()
    content = []
    for number in range(pages):
        at = number * 331 % (len(words) - 500)
        content.append([" ".join([f"Part {number + 1}.", *words[at + i * 82 : at + i * 82 + 82]]) for i in range(5)])
    return pdf(path, content, headings=[f"Part {number + 1}" for number in range(pages)])


def picture_of_text(lines: Iterable[str], *, size: tuple[int, int] = (1240, 900), font_size: int = 30) -> bytes:
    """PNG of lines of text, black on white."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=font_size)
    for number, line in enumerate(lines):
        draw.text((60, 60 + number * int(font_size * 1.6)), line, fill="black", font=font)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def scanned_pdf(path: Path, pages: Sequence[Sequence[str] | str]) -> Path:
    """A PDF whose pages are pictures of lines; a page given as one string has a text layer."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(595, 842))
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(72, 760, page)
        elif page:
            canvas.drawImage(ImageReader(io.BytesIO(picture_of_text(page))), 20, 400, width=555, height=403)
        canvas.showPage()
    canvas.save()
    return path


def docx(path: Path) -> Path:
    import docx as library

    document = library.Document()
    document.add_heading("Harbour report", 0)
    document.add_heading("Trade", 1)
    document.add_paragraph(SENTENCES[4])
    document.add_paragraph("herring", style="List Bullet")
    document.add_paragraph("salt", style="List Bullet")
    document.add_heading("Tolls", 2)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), ("Ship", "Toll", "Anna", "3 marks"), strict=True):
        cell.text = text
    document.add_paragraph(SENTENCES[2])
    document.save(str(path))
    return path


def pptx(path: Path) -> Path:
    from pptx import Presentation
    from pptx.util import Inches

    slides = Presentation()
    first = slides.slides.add_slide(slides.slide_layouts[1])
    first.shapes.title.text = "Harbour plans"
    first.placeholders[1].text = "Rebuild the eastern wall\nRaise the toll"
    first.notes_slide.notes_text_frame.text = "Mention the granite."
    second = slides.slides.add_slide(slides.slide_layouts[5])
    second.shapes.title.text = "Costs"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for (row, column), text in {(0, 0): "Item", (0, 1): "Marks", (1, 0): "Granite", (1, 1): "1200"}.items():
        table.cell(row, column).text = text
    slides.save(str(path))
    return path


def xlsx(path: Path, rows: Sequence[Sequence[str | float]] | None = None) -> Path:
    """A workbook written part by part, as small as the format allows."""
    rows = rows or [["Ship", "Arrived", "Marks"], ["Anna", "1688-04-02", 3], ["Dorothea", "1688-05-17", 4.5]]

    def cell(value: str | float) -> str:
        return f"<c><v>{value}</v></c>" if isinstance(value, int | float) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    sheet = "".join("<row>" + "".join(map(cell, row)) + "</row>" for row in rows)
    return archive(
        path,
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
            "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
            '<sheet name="Arrivals" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f"<sheetData>{sheet}</sheetData></worksheet>",
        },
    )


def ods(path: Path) -> Path:
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>' for value in row)
        + "</table:table-row>"
        for row in (("Ship", "Cargo"), ("Anna", "herring"))
    )
    names = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    return archive(
        path,
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Cargo">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        },
    )


def epub(path: Path, encrypted: str | None = None) -> Path:
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:title>The Seven Piers</dc:title></metadata><manifest><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        "OEBPS/one.xhtml": f"<html><head><title>x</title></head><body><h2>The storm</h2><p>{SENTENCES[0]}</p></body></html>",
        "OEBPS/two.xhtml": f"<html><body><h2>The light</h2><p>{SENTENCES[7]}</p></body></html>",
    }
    if encrypted:
        parts["META-INF/encryption.xml"] = (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
            '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
            f'<enc:CipherData><enc:CipherReference URI="{encrypted}"/></enc:CipherData></enc:EncryptedData></encryption>'
        )
    return archive(path, parts)


EML = (
    b"From: Ada Holm <ada@lunden.example>\r\nTo: harbour@lunden.example\r\nSubject: =?utf-8?q?The_lamp_=E2=80=93_again?=\r\n"
    b"Date: Mon, 06 Jan 2025 09:30:00 +0000\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n'
    b"The lamp in the lighthouse fl\xfcckers since Sunday.\r\n--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="invoice.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n'
)

HTML = f"""<!doctype html><html><head><title>Lunden harbour</title><style>p {{ color: red }}</style><script>alert("boo")</script></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav><main><h1>The storm</h1><p>{SENTENCES[0]}</p>
<h2>Trade</h2><ul><li>herring</li><li>salt</li></ul><table><tr><th>Ship</th><th>Toll</th></tr><tr><td>Anna</td><td><p>3 marks</p></td></tr></table></main>
<footer>All rights reserved</footer></body></html>"""


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return path


def png_claiming(width: int, height: int) -> bytes:
    """A valid PNG of so many black pixels that packs to almost nothing: one bit each, all rows alike."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (width // 8 + 1)
    data = b"".join(packer.compress(row * 1_000) for _ in range(height // 1_000)) + packer.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def password_protected_office_file() -> bytes:
    """What Office writes for a document with a password: a compound file that holds the stream EncryptedPackage."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 0, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff\xff\xff\xff" * 108

    def entry(name: str, kind: int) -> bytes:
        text = name.encode("utf-16-le") + b"\x00\x00"
        return text.ljust(64, b"\x00") + struct.pack("<HBB", len(text), kind, 1) + b"\xff" * 12 + bytes(48)

    directory = entry("Root Entry", 5) + entry("EncryptionInfo", 2) + entry("EncryptedPackage", 2) + bytes(128)
    return header + struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504 + directory
