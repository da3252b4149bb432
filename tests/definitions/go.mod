// The modules whose custom resource definitions the tests install; nothing of them is compiled.
module kgraph.dev/tests/definitions

go 1.26.7

require (
	github.com/envoyproxy/gateway v1.9.1
	github.com/kubernetes-csi/external-snapshotter/client/v8 v8.7.0
	github.com/openshift/api v0.0.0-20250725072657-92b1455121e1
	istio.io/api v1.31.4
	sigs.k8s.io/gateway-api v1.6.3
)
