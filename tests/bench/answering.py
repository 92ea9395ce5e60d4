"""How often a question that the documents answer is answered, and one that they don't is refused: answering.py DOCS [--model GGUF_FOLDER] [--split hold]

DOCS is a folder of documents (debian-faq.pdf, developers-reference.pdf, bashref.pdf, policy.epub, from the Debian packages of those names). The server
under test is started here, with the models in ``.models``; without a chat model in the models folder the extractive answers are measured.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.conftest import start_server, stop_server  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path)
    parser.add_argument("--models", type=Path, default=ROOT / ".models")
    parser.add_argument("--chat", help="id of the chat model to use")
    parser.add_argument("--split", choices=["choose", "hold"])
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    questions = tomllib.loads((Path(__file__).parent / "answering.toml").read_text())["question"]
    with tempfile.TemporaryDirectory() as scratch:
        environment = {"SOPHON_MODELS_PATH": str(args.models)} | ({"SOPHON_CHAT_MODEL": args.chat} if args.chat else {})
        server = start_server(Path(scratch) / "home", **environment)
        try:
            with httpx2.Client(base_url=server.url, timeout=300) as http:
                began = time.monotonic()
                for path in sorted(args.docs.iterdir()):
                    http.post("/api/documents/upload", files={"file": (path.name, path.read_bytes())}).raise_for_status()
                while any(d["status"] not in ("ready", "failed") for d in http.get("/api/documents").json()["items"]):
                    time.sleep(0.5)
                print(f"{len(list(args.docs.iterdir()))} documents ready after {time.monotonic() - began:.1f} s")
                report(http, [q for q in questions if args.split in (None, q["split"])], args.verbose)
        finally:
            stop_server(server)


def report(http: httpx2.Client, questions: list[dict[str, str]], verbose: bool) -> None:
    for split in ("choose", "hold"):
        right = wrong = refused = kept = invented = 0
        began = time.monotonic()
        for question in [q for q in questions if q["split"] == split]:
            message = http.post("/api/chat?wait=300", json={"content": question["text"]}).json()
            declined = message.get("answered") == "not_found"
            fits = bool(re.search(question["holds"], message["content"], re.IGNORECASE)) if "holds" in question else declined
            if "holds" in question:
                right, wrong, refused = right + (fits and not declined), wrong + (not fits and not declined), refused + declined
            else:
                kept, invented = kept + declined, invented + (not declined)
            if verbose:
                print(f"{'ok ' if fits else 'BAD'} {message.get('answered'):10} {question['text']}\n      {message['content'][:200]!r}")
        if right + wrong + refused + kept + invented:
            print(
                f"{split:7} answerable: {right} right, {wrong} wrong, {refused} refused; unanswerable: {kept} refused, {invented} answered; "
                f"{(time.monotonic() - began) / (right + wrong + refused + kept + invented):.2f} s a question"
            )


if __name__ == "__main__":
    main()
