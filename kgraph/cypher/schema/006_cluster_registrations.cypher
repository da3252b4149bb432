// Clusters that were added at run time, and the workers that follow them.
CREATE CONSTRAINT cluster_registration_key IF NOT EXISTS FOR (n:ClusterRegistration) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT sync_worker_key IF NOT EXISTS FOR (n:SyncWorker) REQUIRE n.key IS UNIQUE
