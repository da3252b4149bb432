// Whether the change feed was told all of a cluster ($key) that there was.
OPTIONAL MATCH (c:Cluster {key: $key})
RETURN c.fedSince IS NOT NULL AS fed
