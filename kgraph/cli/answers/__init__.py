"""The API's answers in a terminal: the queries of the commands that ask it, and what they print.

Here belongs how an answer is asked for, read and laid out: as a tree, a table, lines, JSON or YAML. What a command
takes is in `kgraph.cli.commands`.
"""
