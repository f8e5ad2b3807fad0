"""Remittances: an 835 document read as a typed `Remittance`, checked for balance, and written again."""

from edi.remits.balance import ReversalPair, check_balance, pair_reversals
from edi.remits.reading import read_remittance
from edi.remits.writing import remittance_document

__all__ = ["ReversalPair", "check_balance", "pair_reversals", "read_remittance", "remittance_document"]
