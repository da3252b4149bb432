// Of $of.clusters: [id, how many Pods have not ended, how many bytes its bound claims have].
MATCH (c:Cluster) WHERE c.id IN $of.clusters
RETURN collect([
  c.id,
  COUNT {
    MATCH (p:Resource) WHERE p.key STARTS WITH c.id + "/core/Pod/" AND NOT p:Missing
      AND NOT coalesce(p.phase, "") IN ["Succeeded", "Failed"]
  },
  reduce(sum = 0.0, size IN COLLECT {
    MATCH (v:Resource) WHERE v.key STARTS WITH c.id + "/core/PersistentVolumeClaim/" AND v.phase = "Bound"
    RETURN coalesce(v.capacityBytes, 0.0)
  } | sum + size)
]) AS amounts
