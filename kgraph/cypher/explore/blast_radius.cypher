// Blast radius, as a picture: everything that depends on one resource, up to four steps away. Here it is the Node with
// the most Pods; for another one, put this in place of the first three lines, with its key:
//   MATCH (cause:Resource {key: "prod/core/ConfigMap/shop/web"})
MATCH (cause:Node)<-[:RUNS_ON]-(p:Pod)
WITH cause, count(p) AS pods
ORDER BY pods DESC, cause.key LIMIT 1
MATCH path = (cause) (()<-[r:!IN_NAMESPACE&!IN_CLUSTER&!REGARDS&!HELD_BY]-() WHERE r.stale IS NULL){1,4} ()
RETURN path
LIMIT 300
