"""The canonical model, a file per noun."""
