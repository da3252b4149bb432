"""Graphs of earlier programs, programs of two versions at once, rebuilds, backups."""
