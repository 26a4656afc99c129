"""The routes of the gateway, by who uses them."""
