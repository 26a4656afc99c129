"""Between our orders and the payment platform's messages."""
