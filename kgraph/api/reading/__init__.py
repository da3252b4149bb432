"""The graph as one caller may see it: every statement of an answer, and what is kept of answers.

Here belongs what stands between an answer and the store: access, the caches, and what tells that they are out of date.
Nothing here knows what is asked.
"""
