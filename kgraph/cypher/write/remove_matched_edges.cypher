// Take away edges that followed both ends: $rows of {start, end, type}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})-[r]->(e:Resource {key: row.end})
WHERE type(r) = row.type AND r.matched
DELETE r
