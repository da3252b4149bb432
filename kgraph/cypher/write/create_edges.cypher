// Write edges between resources that are not there yet: $rows of {start, end, type, properties}. An end that is
// not there becomes a placeholder, whose properties are the parts of its key. CREATE, not MERGE: the writer knows
// what the graph holds or has just removed it, and looking for each edge costs three times as much as making it.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MERGE (e:Resource {key: row.end})
ON CREATE SET e:Missing,
  e.cluster = split(row.end, "/")[0],
  e.group = CASE split(row.end, "/")[1] WHEN "core" THEN "" ELSE split(row.end, "/")[1] END,
  e.kind = split(row.end, "/")[2],
  e.namespace = CASE split(row.end, "/")[3] WHEN "_" THEN null ELSE split(row.end, "/")[3] END,
  e.name = split(row.end, "/")[4]
CREATE (s)-[r:$(row.type)]->(e)
SET r = row.properties,
  r.stale = CASE WHEN row.properties.uid <> e.uid THEN true END
