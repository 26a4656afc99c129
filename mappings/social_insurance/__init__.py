"""Questions to the social insurance and its answers; a child's card asked for and what becomes of it."""
