"""Speed and memory, measured the way they are used."""
