"""Canonical dossiers to VNPost's orders, and its tracking back."""
