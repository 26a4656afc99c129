"""The province's indicators (domain notes, 6; QĐ 766/QĐ-TTg), from the events the bus carries: rules, the duty that counts, reports."""
