export type Example = { title: string; query: string; variables?: Record<string, unknown> };

/**
 * The ready queries: `OPENED` of them are the tabs of a first visit, all of them are in the toolbar's "Examples" menu.
 * GraphiQL shows no variables in the very first tab of a first visit, so the first example must do without.
 */
export const EXAMPLES: Example[] = [
  {
    title: 'Clusters',
    query: `# kgraph: a live graph of Kubernetes clusters.
#
#   Ctrl+Enter     run
#   Ctrl+Space     complete
#   Shift+Ctrl+P   prettify
#
# The book (left) opens the schema's documentation,
# the lightbulb (right) has more queries.

query Clusters {
  clusters {
    id
    version
  }
}
`,
  },
  {
    title: 'What belongs to a Deployment',
    query: `query ResourceGraph(
  $cluster: String!
  $namespace: String
  $resourceType: String!
  $name: String!
  $depth: Int
) {
  resourceGraph(
    cluster: $cluster
    namespace: $namespace
    resourceType: $resourceType
    name: $name
    depth: $depth
  ) {
    nodes {
      key
      kind
      name
    }
    edges {
      type
      source
      target
    }
  }
}
`,
    variables: { cluster: 'demo', namespace: 'shop', resourceType: 'deployment', name: 'web', depth: 2 },
  },
];

/** How many of the examples are opened as tabs at the first visit. */
export const OPENED = 2;

export const variablesText = ({ variables }: Example): string => (variables ? JSON.stringify(variables, null, 2) : '');
