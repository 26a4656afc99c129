"""Tables between the canonical model and each partner's contract. Pure: no I/O, no clock, no randomness."""
