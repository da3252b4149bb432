// Take away edges that followed both ends and no longer match: $type, $rows of {start, end}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})-[r:$($type)]->(e:Resource {key: row.end})
WHERE r.matched
DELETE r
