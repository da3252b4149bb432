// Write edges from resources to hosts: $rows of {start, end, type, endProperties, properties}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MERGE (e:Host {key: row.end})
ON CREATE SET e += row.endProperties
CREATE (s)-[r:$(row.type)]->(e)
SET r = row.properties
