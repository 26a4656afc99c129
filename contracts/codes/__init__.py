"""Shared code lists with their dates."""
