// Before version 11 a worker said when it was last seen, and a registration which worker had it. Neither is looked at
// any more, and the one without a lease would never be forgotten.
MATCH (w:SyncWorker) WHERE w.until IS NULL
WITH w LIMIT $most
DELETE w
RETURN count(*) AS changed;
MATCH (r:ClusterRegistration) WHERE r.owner IS NOT NULL
WITH r LIMIT $most
REMOVE r.owner
RETURN count(*) AS changed
