// Take away the edges that a resource no longer states: $rows of {start, keep: ["TYPE end", ...]}. Edges that follow
// both ends are not the object's own and stay. Returns the ends that may have become nobody's.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})-[r]->(e)
WHERE r.matched IS NULL AND NOT type(r) + " " + e.key IN row.keep
DELETE r
WITH DISTINCT e WHERE e:Missing OR e:Image OR e:Host OR e:Subject
RETURN collect(e.key) AS loose
