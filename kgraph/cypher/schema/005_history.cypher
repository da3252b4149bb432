// Deleted resources that are remembered: by what they were, and by when they went. What has changed lately is looked
// for among the few nodes of a neighbourhood, so that `lastChanged` needs no index of its own.
CREATE CONSTRAINT deleted_key IF NOT EXISTS FOR (n:Deleted) REQUIRE n.key IS UNIQUE;
CREATE INDEX deleted_of IF NOT EXISTS FOR (n:Deleted) ON (n.of);
CREATE INDEX deleted_when IF NOT EXISTS FOR (n:Deleted) ON (n.cluster, n.goneAt)
