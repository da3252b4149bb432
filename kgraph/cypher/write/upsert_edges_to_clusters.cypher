// Write edges of one type from resources to clusters: $type, $rows of {start, end, properties}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MATCH (e:Cluster {key: row.end})
MERGE (s)-[r:$($type)]->(e)
SET r = row.properties
