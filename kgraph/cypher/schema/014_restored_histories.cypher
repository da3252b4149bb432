// What a restored backup knows of resources, until the worker that has synced them puts it to them.
CREATE CONSTRAINT restored_history_key IF NOT EXISTS FOR (n:RestoredHistory) REQUIRE n.key IS UNIQUE;
CREATE INDEX restored_history_cluster IF NOT EXISTS FOR (n:RestoredHistory) ON (n.cluster)
