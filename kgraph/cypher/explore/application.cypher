// One application, as a picture: Deployments with their Pods, what is in front of them and what they use.
MATCH (d:Deployment)
WITH d ORDER BY d.key LIMIT 3
MATCH owned = (d)<-[:OWNED_BY*1..2]-(p:Pod)
OPTIONAL MATCH front = (p)<-[:SELECTS]-(:Service)<-[:ROUTES_TO*0..1]-()
OPTIONAL MATCH uses = (p)-[:USES_CONFIGMAP|USES_SECRET|USES_CLAIM|RUNS_ON|RUNS_AS|RUNS_IMAGE]->()
RETURN owned, front, uses
LIMIT 300
