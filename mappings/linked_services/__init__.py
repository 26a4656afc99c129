"""Canonical changes to the linked-services software's status posts, and its filed dossiers to events."""
