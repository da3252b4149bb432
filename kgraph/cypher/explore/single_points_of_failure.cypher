// Single points of failure: Services whose ready Pods are one alone, or all on one Node. What leads to them (an Ingress,
// a webhook) goes down with that Pod or Node.
MATCH (s:Service)-[:SELECTS]->(p:Pod)
WHERE coalesce(p.ready, false) AND NOT coalesce(p.phase, "") IN ["Succeeded", "Failed"]
WITH s, count(p) AS pods, collect(DISTINCT p.nodeName) AS nodes
WHERE size(nodes) = 1
OPTIONAL MATCH (s)<-[:ROUTES_TO|CALLS|SERVED_BY]-(front)
RETURN s.cluster AS cluster, s.namespace AS namespace, s.name AS service, pods, nodes[0] AS node,
  collect(DISTINCT front.kind + " " + front.name) AS inFront,
  CASE pods WHEN 1 THEN "one Pod" ELSE "one Node" END AS reason
ORDER BY size(inFront) DESC, pods, cluster, namespace, service
LIMIT 200
