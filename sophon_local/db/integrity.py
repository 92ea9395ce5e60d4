"""A look at a database file from outside, without changing it."""

from __future__ import annotations

from pathlib import Path

import apsw

from ..kit import clock


def engine_version() -> str:
    """The version of SQLite in use."""
    return apsw.sqlite_lib_version()


def damage(path: Path) -> str | None:
    """What is wrong with the file, in the engine's words; None when nothing is. Works beside a running server."""
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error as error:
        return str(error)
    try:
        connection.set_busy_timeout(5_000)
        connection.execute("PRAGMA query_only = ON")
        rows = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        if rows != ["ok"]:
            return "; ".join(rows)
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        return f"{len(broken)} rows refer to others that are not there" if broken else None
    except apsw.Error as error:
        return str(error)
    finally:
        connection.close()


def is_ahead_of_the_clock(path: Path) -> bool:
    """Whether a table of the file was made at a time that is still to come: then the clock of this machine is wrong now, or was then."""
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error:
        return False
    try:
        newest = connection.execute("SELECT max(applied_at) FROM schema_migrations").fetchone()
        return bool(newest and newest[0] and newest[0] > clock.timestamp())
    except apsw.Error:
        return False
    finally:
        connection.close()
