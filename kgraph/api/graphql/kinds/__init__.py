"""The types of Kubernetes' own kinds: what `kubectl describe` leads with, as paths, and what they are related to.

A module an area, a class a kind. Which fields an object really has is its own business: see `fields`.
"""
