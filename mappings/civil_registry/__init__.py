"""Canonical registrations to the civil registry's forms, and its results back."""
