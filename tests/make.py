"""Real files for tests: a manual as PDF, with headings and pages."""

from __future__ import annotations

from pathlib import Path

MANUAL = {
    "Safety": [
        "Read this manual before you use the GreenLine 300 lawnmower. Keep children and pets at least 15 metres away while it runs.",
        "Wear closed shoes and ear protection. Never reach under the deck before the blade has stopped.",
    ],
    "Care": [
        "Clean the air filter every 25 hours of use. Replace it once a year, or when it is torn.",
        "Sharpen the blade twice a season. A blunt blade tears the grass instead of cutting it.",
        "Store the mower in a dry shed. Drain the fuel tank before winter.",
    ],
    "Warranty": [
        "The warranty period is 24 months from the date of purchase. The battery is covered for 12 months.",
        "Damage by frost, wrong fuel or missing care is not covered. Send claims to service@greenline.example with the receipt.",
    ],
}


def manual_pdf(path: Path, title: str = "GreenLine 300 Manual") -> Path:
    """The manual, one chapter a page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    story: list[object] = [Paragraph(title, styles["Title"])]
    for chapter, paragraphs in MANUAL.items():
        story.append(Paragraph(chapter, styles["Heading1"]))
        story += [Paragraph(text, styles["BodyText"]) for text in paragraphs]
        story.append(PageBreak())
    SimpleDocTemplate(str(path), pagesize=A4, title=title).build(story)
    return path
