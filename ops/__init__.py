"""The roof: settings, composition, gateway, CLI, checks."""
