// What is not well, the worst first, with the reason. Pods that have finished are left out where something owns them:
// it has made others, or says itself how it is.
UNWIND ["UNKNOWN", "DEGRADED", "PROGRESSING", "SUSPENDED"] AS health
MATCH (n:Resource) WHERE n.health = health
  AND NOT (n:Pod AND n.phase IN ["Succeeded", "Failed"] AND EXISTS { (n)-[:OWNED_BY]->() })
RETURN n.cluster AS cluster, n.namespace AS namespace, n.kind AS kind, n.name AS name, health,
  n.healthReason + CASE WHEN n.healthImage IS NULL THEN "" ELSE " (" + n.healthImage + ")" END AS reason
ORDER BY CASE health WHEN "UNKNOWN" THEN 0 WHEN "DEGRADED" THEN 1 WHEN "PROGRESSING" THEN 2 ELSE 3 END,
  cluster, namespace, kind, name
LIMIT 200
