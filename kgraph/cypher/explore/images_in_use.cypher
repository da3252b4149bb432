// Images in use: how many Pods run each, in how many namespaces and clusters, the most used first. Images without a tag,
// or with `latest`, are marked: nobody can say what they run.
MATCH (i:Image)<-[:RUNS_IMAGE]-(p:Pod)
WHERE NOT p.phase IN ["Succeeded", "Failed"]
RETURN i.reference AS image, count(DISTINCT p) AS pods, count(DISTINCT p.cluster + "/" + p.namespace) AS namespaces,
  count(DISTINCT p.cluster) AS clusters, i.digest IS NULL AND coalesce(i.tag, "latest") = "latest" AS floating
ORDER BY pods DESC, image
LIMIT 200
