// One node a key. Every statement finds its nodes by these: the planner takes a unique index even on an empty
// database, whose statistics say nothing yet.
CREATE CONSTRAINT resource_key IF NOT EXISTS FOR (n:Resource) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT cluster_key IF NOT EXISTS FOR (n:Cluster) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT image_key IF NOT EXISTS FOR (n:Image) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT host_key IF NOT EXISTS FOR (n:Host) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT subject_key IF NOT EXISTS FOR (n:Subject) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT synced_kind_key IF NOT EXISTS FOR (n:SyncedKind) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT schema_key IF NOT EXISTS FOR (n:GraphSchema) REQUIRE n.key IS UNIQUE
