"""Result files: fetched, sealed, verified, told, and held back where a signature is required."""
