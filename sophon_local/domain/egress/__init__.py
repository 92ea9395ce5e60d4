"""The egress ledger: which connections this program made to the outside, for the person to read."""

from ...kit.egress import EgressRecord
from .service import Ledger

__all__ = ["EgressRecord", "Ledger"]
