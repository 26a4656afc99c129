"""A year of one province through all its partners at full speed: `make year`, or `python -m tests.year --events N`.

The bus runs in this process, the partners' simulators over HTTP in another, the events come by the front door as fast as they are taken.
The year is run in rounds: when all that a round owes is done, the simulators' books are laid beside the ledger (`judge`), and the
partners close their books and open new ones. So memory grows with a round, not with the year.
"""
