// Claims with volumes, whose keys begin with one of $of.claims: [key, bytes, labels, the first Pod that mounts it if
// $of.controllers: its key, its controllers' as `controllers` has them]. And volumes without claims, whose keys begin
// with one of $of.volumes: [key, bytes].
CALL () {
  UNWIND $of.claims AS prefix
  MATCH (c:Resource) WHERE c.key STARTS WITH prefix AND NOT c:Missing AND c.phase = "Bound" AND c.capacityBytes IS NOT NULL
  WITH c ORDER BY c.key
  RETURN collect([c.key, c.capacityBytes, c.labels, CASE WHEN $of.controllers THEN COLLECT {
    MATCH (c)<-[:USES_CLAIM]-(p:Pod)
    WITH p ORDER BY p.key LIMIT 1
    RETURN [p.key, COLLECT {
      MATCH (p) (()-[r:OWNED_BY WHERE r.controller AND r.stale IS NULL]->(o WHERE NOT o:Missing AND NOT o:Node)){1,5}
      RETURN o[-1].key ORDER BY size(o)
    }]
  }[0] END]) AS claims
}
CALL () {
  UNWIND $of.volumes AS prefix
  MATCH (v:Resource) WHERE v.key STARTS WITH prefix AND NOT v:Missing AND v.phase <> "Bound" AND v.capacityBytes IS NOT NULL
  WITH v ORDER BY v.key
  RETURN collect([v.key, v.capacityBytes]) AS volumes
}
RETURN claims, volumes
