"""Ground floor: shapes, code lists, partner documents."""
