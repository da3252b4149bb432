// Write edges from resources to Helm releases: $rows of {start, end, type, endProperties, properties}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MERGE (e:HelmRelease {key: row.end})
ON CREATE SET e += row.endProperties
CREATE (s)-[r:$(row.type)]->(e)
SET r = row.properties
