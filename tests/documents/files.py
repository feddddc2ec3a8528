"""Small files of every format, made here."""

import io
import zipfile
from email.message import EmailMessage

SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"

HTML = """<!doctype html><html><head><title>Tides</title><style>p{color:red}</style><script>alert("no")</script></head>
<body><h1>Tides</h1><p>The <b>moon</b>
pulls&nbsp;the sea.</p><ul><li>spring tide<ul><li>at new moon</ul></li><li><p>neap tide</p></ul>
<table><tr><th>port</th><th>height</th></tr><tr><td>Brest</td><td>7 m</td></tr></table>
<p hidden>secret</p><p style="display: none">secret</p><pre>a
  b</pre></body></html>"""


def pdf(*pages: str) -> bytes:
    """A PDF written by hand: one line of Helvetica a page, none where the text is empty."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        drawn = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET" if text else ""
        font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        contents = f"/Contents {number + 1} 0 R /Resources {font}"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {contents} >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return _pdf_of(objects, "")


Printed = tuple[float, float, str, str]
"""Left edge, height, font (`B12`: bold, 12 points; `R10`) and what is printed there."""


def typeset_pdf(pages: list[list[Printed]], outline: list[tuple[str, int]] = [], *, scaled: bool = False) -> bytes:  # noqa: B006
    """With lines where they are wanted, and an outline of (title, index of the page). `scaled`: the letters' size is
    not that of the font, which is 1, but comes from the matrix."""
    objects = ["", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>")
    kids = []
    for lines in pages:
        drawn = "".join(_drawn(*line, scaled=scaled) for line in lines)
        kids.append(f"{len(objects) + 1} 0 R")
        resources = f"/Contents {len(objects) + 2} 0 R /Resources << /Font << /R 3 0 R /B 4 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {resources} >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    root = len(objects) + 1
    objects.append(f"<< /First {root + 1} 0 R /Last {root + len(outline)} 0 R /Count {len(outline)} >>")
    for number, (title, page) in enumerate(outline, root + 1):
        after = f"/Next {number + 1} 0 R" if number < root + len(outline) else ""
        objects.append(f"<< /Title ({title}) /Parent {root} 0 R /Dest [{kids[page]} /Fit] {after} >>")
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {f'/Outlines {root} 0 R' if outline else ''} >>"
    return _pdf_of(objects, "")


def _drawn(x: float, y: float, font: str, text: str, *, scaled: bool) -> str:
    size = float(font[1:])
    name, place = font[0], f"{size} 0 0 {size} {x} {y} Tm" if scaled else f"{x} {y} Td"
    return f"BT /{name} {1 if scaled else size} Tf {place} ({text}) Tj ET\n"


def locked_pdf() -> bytes:
    """A PDF whose password nobody knows."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [] /Count 0 >>"]
    key = f"<{'5a' * 32}>"
    objects.append(f"<< /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >>")
    return _pdf_of(objects, f"/Encrypt 3 0 R /ID [<{'00' * 16}> <{'00' * 16}>]")


def _pdf_of(objects: list[str], more: str) -> bytes:
    file, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(file))
        file += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {more} >>\nstartxref\n{len(file)}\n%%EOF\n"
    return file + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def docx() -> bytes:
    from docx import Document

    document = Document()
    document.add_heading("Tides", 1)
    document.add_paragraph("The moon pulls the sea.")
    document.add_paragraph("spring tide", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Brest", "7 m"
    document.add_paragraph("After the table.")
    document.save(file := io.BytesIO())
    return file.getvalue()


def pptx() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Tides"
    slide.placeholders[1].text = "The moon pulls the sea."
    table = slide.shapes.add_table(1, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Brest", "7 m"
    slide.notes_slide.notes_text_frame.text = "Speak slowly."
    show.slides.add_slide(show.slide_layouts[6])
    show.save(file := io.BytesIO())
    return file.getvalue()


def xlsx() -> bytes:
    from xlsxwriter import Workbook

    book = Workbook(file := io.BytesIO())
    sheet = book.add_worksheet("Ports")
    for row, cells in enumerate([["port", "height", "checked"], ["Brest", 7, True], ["Saint\nMalo", 12.5, False]]):
        sheet.write_row(row, 0, cells)
    book.add_worksheet("Nothing")
    book.close()
    return file.getvalue()


def zipped(*members: tuple[str, bytes | str]) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def epub() -> bytes:
    """Two chapters, which the archive holds in the wrong order."""
    container = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    package = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
      <item id="a" href="one%20.xhtml" media-type="application/xhtml+xml"/>
      <item id="b" href="two.xhtml" media-type="application/xhtml+xml"/></manifest>
      <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    return zipped(
        ("mimetype", "application/epub+zip"),
        ("META-INF/container.xml", container),
        ("OPS/book.opf", package),
        ("OPS/two.xhtml", "<html><body><h1>Second</h1><p>The end.</p></body></html>"),
        ("OPS/one .xhtml", "<html><body><h1>First</h1><p>The beginning.</p></body></html>"),
    )


def odt() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = f"""<o:document-content xmlns:o="{office}" xmlns:t="{text}"><o:body><o:text>
      <t:h t:outline-level="2">Tides</t:h><t:p>The <t:span>moon</t:span><t:s t:c="2"/>pulls.</t:p>
      <t:list><t:list-item><t:p>spring tide</t:p></t:list-item></t:list></o:text></o:body></o:document-content>"""
    return zipped(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", content))


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@example.org", "bob@example.org", "Gezeiten für alle"
    message.set_content("The moon pulls the sea.\n")
    message.add_attachment("port,height\nBrest,7\n", subtype="csv", filename="ports.csv")
    message.add_attachment(b"\x89PNG\r\n\x1a\n\0\0", maintype="image", subtype="png", filename="moon.png")
    return message.as_bytes()
