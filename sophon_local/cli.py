"""The command line: ``serve`` (also without a word), ``ask``, ``models``, ``doctor``, ``routes``, ``version``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from .settings import Settings


def main(given: list[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if given is None else given)
    if arguments[:1] == ["worker"]:
        return _work(arguments[1:])
    import logging

    from .kit.errors import SophonError
    from .settings import load

    parsed = _parser().parse_args(_with_command(arguments))
    try:
        given_port = getattr(parsed, "port", None)
        settings = load(
            home=parsed.data,
            host=getattr(parsed, "host", None),
            port=given_port,
            port_is_fixed=True if given_port is not None else None,
            open_browser=False if getattr(parsed, "no_browser", False) else None,
        )
        logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        return _run(parsed.command, settings, parsed)
    except SophonError as error:
        print(f"sophon-local: {error.message}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"sophon-local: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _with_command(arguments: list[str]) -> list[str]:
    """``sophon-local --port 9000`` is ``sophon-local serve --port 9000``."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "-V", "--version")):
        return ["serve", *arguments]
    return arguments


def _run(command: str, settings: Settings, parsed: argparse.Namespace) -> int:
    from importlib import import_module

    if command == "serve":
        from .server import serve

        return serve(settings)
    return int(import_module(f".commands.{command}", __package__).run(settings, parsed))


def _work(arguments: list[str]) -> int:
    """The program as its own child: ``worker parse`` reads documents, ``worker llama`` runs a model. Not for people."""
    name, *others = arguments or [""]
    if name == "parse":
        from .providers.parsing import worker as parser

        return parser.main(others) or 0
    if name == "llama":
        from .providers.llama import worker as llama

        llama.main(others)
        return 0
    print("sophon-local: there is no such worker", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    import argparse

    from . import __version__

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="FOLDER", help="the data folder (otherwise SOPHON_HOME, or the system's place for such data)")
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print JSON")

    parser = argparse.ArgumentParser("sophon-local", description="An agent server with a memory, on your own machine. Without a word it serves.")
    parser.add_argument("-V", "--version", action="version", version=f"sophon-local {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", parents=[common], help="run the server and open the browser")
    serve.add_argument("--port", type=_port, help="listen on this port and no other (otherwise 8080 or the next free one)")
    serve.add_argument("--host", help="listen on this address; in personal mode it must be this machine's own (127.0.0.1)")
    serve.add_argument("--no-browser", action="store_true", help="do not open the browser")

    ask = commands.add_parser("ask", parents=[common, as_json], help="ask a question; text piped in is attached")
    ask.add_argument("question", nargs="+")
    ask.add_argument("--file", action="append", default=[], metavar="FILE", help="attach a file; may be given several times")
    ask.add_argument("--keep", action="store_true", help="keep the text piped in among the documents; otherwise it goes after the answer")
    ask.add_argument("--session", metavar="ID", help="go on with this session")
    ask.add_argument("--agent", metavar="ID", help="ask this agent")

    models = commands.add_parser("models", parents=[common, as_json], help="list, fetch and choose models")
    verbs = models.add_subparsers(dest="verb", metavar="VERB")
    again = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)  # the same options behind the verb
    again.add_argument("--data", metavar="FOLDER", help=argparse.SUPPRESS)
    again.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    verbs.add_parser("list", parents=[again], help="what there is and what fits this machine")
    pull = verbs.add_parser("pull", parents=[again], help="fetch models")
    pull.add_argument("model", nargs="+")
    pull.add_argument("--from", dest="from_path", metavar="FILE", help="take the model from this file instead of fetching it")
    for verb, words in (("use", "answer with this model"), ("delete", "remove a fetched model")):
        verbs.add_parser(verb, parents=[again], help=words).add_argument("model")

    commands.add_parser("doctor", parents=[common, as_json], help="look for what is wrong, and say what to do")
    routes = commands.add_parser("routes", parents=[common, as_json], help="every method and path, with the file that answers it")
    routes.add_argument("--surface", help="of this surface only")
    commands.add_parser("version", parents=[common, as_json], help="the version")
    return parser


def _port(text: str) -> int:
    import argparse

    if not text.isdecimal() or not 0 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 0 to 65535")
    return int(text)
