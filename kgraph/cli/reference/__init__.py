"""The reference pages, written from the tables: `python -m kgraph.cli.reference.pages FOLDER`.

One module for each group of pages. Nothing here is needed by a program that runs.
"""
