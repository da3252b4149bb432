// A Helm release is one node over its revisions, which are Secrets.
CREATE CONSTRAINT helm_release_key IF NOT EXISTS FOR (n:HelmRelease) REQUIRE n.key IS UNIQUE
