// What each transaction has touched, for whoever keeps answers: found by cluster and time, as its key has them.
CREATE CONSTRAINT touched_key IF NOT EXISTS FOR (n:Touched) REQUIRE n.key IS UNIQUE
