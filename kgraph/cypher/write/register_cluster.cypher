// Add a cluster to the registry: $key, $properties {id, stamp, settings, sealed}, and its own node: $cluster,
// $described. No record where the registry has it: the stamp is then another's.
MERGE (r:ClusterRegistration {key: $key})
ON CREATE SET r += $properties, r.registeredAt = datetime()
WITH r WHERE r.stamp = $properties.stamp
MERGE (c:Cluster {key: $cluster})
SET c += $described
RETURN r.key AS key
