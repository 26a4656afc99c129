"""The catalogue's procedures and decisions as canonical shapes, their quirks mended and named."""
