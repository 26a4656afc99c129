"""The ministry's dossiers and units to canonical events and answers."""
