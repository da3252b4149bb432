// What workloads and Nodes use is one node beside each, without edges.
CREATE CONSTRAINT usage_key IF NOT EXISTS FOR (n:Usage) REQUIRE n.key IS UNIQUE
