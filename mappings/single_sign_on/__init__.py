"""Claims of the sign-in providers to the person a dossier needs to know; everything else is dropped."""
