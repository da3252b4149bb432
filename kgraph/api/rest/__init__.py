"""REST: the same graph under /api/v1, for those who have no GraphQL."""
