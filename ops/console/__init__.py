"""The web console: what a monitoring officer sees and does. Pages ask `ops.queries`, buttons call `ops.desk`; words in two languages."""
