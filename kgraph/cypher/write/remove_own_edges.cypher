// Take away the edges that the objects $keys state themselves; those that follow both ends stay. Returns the keys of
// their ends, and which of these may have become nobody's, for sweep to look at once the new edges stand.
UNWIND $keys AS key
MATCH (s:Resource {key: key})-[r]->(e)
WHERE r.matched IS NULL
DELETE r
WITH DISTINCT e
RETURN collect(e.key) AS ends,
  collect(CASE WHEN e:Missing OR e:Image OR e:Host OR e:Subject OR e:HelmRelease THEN e.key END) AS loose
