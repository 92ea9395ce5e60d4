from __future__ import annotations

import re
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).parents[2] / "web" / "src" / "api" / "openapi.ts"


def test_the_pages_know_every_field_that_the_server_documents(live_server: Any) -> None:
    """web/src/api/openapi.ts is written from the server's own document: start it and run ``npm run types`` in web/ when this fails."""
    blocks = {name: body for name, body in re.findall(r"^ {8}\"?([^\"\n:]+)\"?: \{\n(.*?)^ {8}\};", WRITTEN.read_text("utf-8"), re.MULTILINE | re.DOTALL)}
    missing = []
    for name, schema in live_server.get("/openapi.json")["components"]["schemas"].items():
        known = set(re.findall(r"^ {12}\"?([\w$-]+)\"?\??:", blocks.get(name, ""), re.MULTILINE))
        missing += [f"{name}.{field}" for field in schema.get("properties", {}) if field not in known]
        missing += [f"{name}.{field} is gone" for field in known - set(schema.get("properties", {})) if schema.get("properties")]
    assert missing == []
