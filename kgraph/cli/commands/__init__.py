"""One module a sub-command; each has `command`, and imports what it needs only when it runs."""
