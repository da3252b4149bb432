// The modules whose custom resource definitions the tests install; nothing of them is compiled.
module kgraph.dev/tests/definitions

go 1.26.7

require (
	github.com/argoproj/argo-cd/v3 v3.5.7
	github.com/argoproj/argo-rollouts v1.10.1
	github.com/bitnami-labs/sealed-secrets v0.40.0
	github.com/cert-manager/cert-manager v1.21.2
	github.com/envoyproxy/gateway v1.9.1
	github.com/external-secrets/external-secrets v1.3.2
	github.com/fluxcd/helm-controller v1.6.1
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/fluxcd/source-controller v1.9.6
	github.com/kedacore/keda/v2 v2.21.0
	github.com/kubernetes-csi/external-snapshotter/client/v8 v8.7.0
	github.com/openshift/api v0.0.0-20250725072657-92b1455121e1
	github.com/operator-framework/api v0.40.0
	github.com/prometheus-operator/prometheus-operator v0.92.0
	istio.io/api v1.31.4
	k8s.io/autoscaler/vertical-pod-autoscaler v1.8.1
	sigs.k8s.io/gateway-api v1.6.3
	sigs.k8s.io/jobset v0.11.1
)
