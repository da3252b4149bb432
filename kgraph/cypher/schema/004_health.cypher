// What is not well, of all clusters or of one: the health, then the key, which begins with the cluster.
CREATE INDEX resource_health IF NOT EXISTS FOR (n:Resource) ON (n.health, n.key)
