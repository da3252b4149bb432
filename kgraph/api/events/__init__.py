"""The change feed as callers follow it: one reading of the source, and to each what they want and may see.

Here belongs what GraphQL's subscriptions and the stream of server-sent events share. How an event is written down is
theirs.
"""
