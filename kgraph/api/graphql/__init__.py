"""GraphQL over the graph: types, resolvers, loaders, and the limits of one operation.

Here belongs what is GraphQL's own. What an answer is, is worked out in `kgraph.api`'s modules, which do not know
who asks; resolvers read arguments, call one of those, and give the answer its GraphQL shape.
"""
