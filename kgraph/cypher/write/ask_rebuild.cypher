// Ask for the clusters with these keys ($keys, null for all of them) to be rebuilt: $stamp tells this time from any other.
// Returns the clusters that are there.
MATCH (c:Cluster) WHERE $keys IS NULL OR c.key IN $keys
SET c.rebuildAsked = $stamp, c.rebuildAskedAt = datetime()
RETURN collect(c.id) AS asked
