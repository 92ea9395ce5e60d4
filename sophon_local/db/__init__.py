"""The database: one writer with group commit, a few readers, rows as structs. Nothing above this folder knows the engine."""

from .database import Database, DatabaseCorrupt, DatabaseTooNew, Tx
from .migrations import Migration, migrations_in

__all__ = ["Database", "DatabaseCorrupt", "DatabaseTooNew", "Migration", "Tx", "migrations_in"]
