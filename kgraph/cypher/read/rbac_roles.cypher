// The roles that are granted by bindings whose keys begin with one of $of.prefixes, each once, as
// [[handle, key, false], the object as JSON].
UNWIND $of.prefixes AS prefix
MATCH (b:Resource) WHERE b.key STARTS WITH prefix
MATCH (b)-[:BINDS]->(role:Resource) WHERE NOT role:Missing
WITH DISTINCT role
RETURN collect([[elementId(role), role.key, false], role.manifest]) AS roles
