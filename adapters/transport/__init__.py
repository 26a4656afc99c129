"""One way out of the house: timeouts, TLS, spans, short retries."""
