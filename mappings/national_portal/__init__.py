"""Canonical dossier to the portal's objects and back."""
