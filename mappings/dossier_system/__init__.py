"""The dossier system speaks the canonical model: nothing to translate but the envelope's JSON form."""
