"""The business register's records to canonical enterprises, household registrations to its words."""
