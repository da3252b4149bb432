// Write edges of one type from resources to images: $type, $rows of {start, end, endProperties, properties}.
UNWIND $rows AS row
MATCH (s:Resource {key: row.start})
MERGE (e:Image {key: row.end})
ON CREATE SET e += row.endProperties
MERGE (s)-[r:$($type)]->(e)
SET r = row.properties
