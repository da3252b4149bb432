// Whether a restored backup knows anything of a $cluster that is not yet put to its resources.
RETURN EXISTS { MATCH (:RestoredHistory {cluster: $cluster}) } AS there
