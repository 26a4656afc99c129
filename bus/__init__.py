"""Intake, ledger, worker, bell: what carries, knowing envelopes and outcomes alone."""
