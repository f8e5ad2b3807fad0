"""Drop-in dialects: the addresses and answers of two APIs of this field, with our services behind them.

A client of either moves over by changing its base URL. `transaction-id` is known by a dated prefix and ids
that are UUIDs, `mailbox` by tokens and a mailbox of reports. What both have in common is here once.
"""
