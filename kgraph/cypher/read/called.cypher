// What the clusters are called that stay: [id, name, address of the apiserver], each by its id.
MATCH (c:Cluster) WHERE c.removing IS NULL
WITH c ORDER BY c.id
RETURN collect([c.id, coalesce(c.name, ""), coalesce(c.server, "")]) AS called
