// Write edges from resources to clusters: $rows of {start, end, type, properties}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MATCH (e:Cluster {key: row.end})
CREATE (s)-[r:$(row.type)]->(e)
SET r = row.properties
