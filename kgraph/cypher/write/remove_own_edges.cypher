// Take away the edges that the objects $keys state themselves; those that follow both ends stay. Returns the keys
// of the ends that may have become nobody's, for sweep to look at once the new edges stand.
UNWIND $keys AS key
MATCH (s:Resource {key: key})-[r]->(e)
WHERE r.matched IS NULL
DELETE r
WITH DISTINCT e WHERE e:Missing OR e:Image OR e:Host OR e:Subject OR e:HelmRelease
RETURN collect(e.key) AS loose
