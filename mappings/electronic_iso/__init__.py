"""Canonical dossier events to the ISO system's slips and steps, and its changes back."""
