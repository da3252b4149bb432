// Take away edges that followed both ends: $rows of {start, end, type}. Returns the keys of the placeholders among
// their ends, for sweep to look at once the new edges stand: an edge that stands needs no end.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})-[r]->(e:Resource {key: row.end})
WHERE type(r) = row.type AND r.matched
DELETE r
WITH DISTINCT e WHERE e:Missing
RETURN collect(e.key) AS loose
