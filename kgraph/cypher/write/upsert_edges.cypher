// Write edges of one type between resources: $type, $rows of {start, end, properties}. An end that is not there
// becomes a placeholder, whose properties are the parts of its key.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MERGE (e:Resource {key: row.end})
ON CREATE SET e:Missing,
  e.cluster = split(row.end, "/")[0],
  e.group = CASE split(row.end, "/")[1] WHEN "core" THEN "" ELSE split(row.end, "/")[1] END,
  e.kind = split(row.end, "/")[2],
  e.namespace = CASE split(row.end, "/")[3] WHEN "_" THEN null ELSE split(row.end, "/")[3] END,
  e.name = split(row.end, "/")[4]
MERGE (s)-[r:$($type)]->(e)
SET r = row.properties,
  r.stale = CASE WHEN row.properties.uid <> e.uid THEN true END
