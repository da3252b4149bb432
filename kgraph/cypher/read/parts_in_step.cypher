// Whether all parts of a cluster ($key) have been in step with it once.
MATCH (c:Cluster {key: $key})
RETURN all(name IN ["syncedAt"] + [part IN coalesce(c.parts, []) | "syncedAt~" + part] WHERE c[name] IS NOT NULL) AS all
