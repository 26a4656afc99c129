"""Canonical changes of dossiers to EMC's usage events."""
