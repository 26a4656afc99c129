"""`make bench`: speed and memory as ratios, on private servers."""
