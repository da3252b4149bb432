"""One object at least of each kind that routes, grants, selects and keeps snapshots, and all edges that these have.

SHOP and INFRA are the test's namespaces. Keys are written without the cluster.
"""

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: SHOP}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: INFRA}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gate, namespace: INFRA, labels: {istio: gate-SHOP}}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: SHOP, labels: {app: web}}
spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: Secret
metadata: {name: credential, namespace: INFRA}
---
# ---- Gateway API
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: class-SHOP}
spec:
  controllerName: example.com/controller
  parametersRef: {group: "", kind: ConfigMap, name: parameters, namespace: INFRA}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: SHOP}
spec:
  gatewayClassName: class-SHOP
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: own}}
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    hostname: shop.example.com
    tls: {certificateRefs: [{name: tls}, {name: tls, namespace: INFRA}, {name: other, namespace: INFRA}]}
  tls:
    backend: {clientCertificateRef: {name: client}}
    frontend:
      default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: SHOP}
spec:
  parentRef: {name: gate, namespace: INFRA}
  listeners:
  - name: https
    port: 8443
    protocol: HTTPS
    hostname: more.example.com
    tls: {certificateRefs: [{name: more}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: SHOP}
spec:
  parentRefs: [{name: gate}, {name: gate, namespace: INFRA}, {name: web, kind: Service, group: ""}]
  hostnames: [shop.example.com, api.INFRA.svc]
  rules:
  - filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}
    - {type: ExtensionRef, extensionRef: {group: example.com, kind: Filter, name: f}}
    backendRefs:
    - {name: web, port: 80, weight: 0}
    - {name: api, namespace: INFRA, port: 80}
    - {name: hidden, namespace: default, port: 80}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: grpc, namespace: SHOP}
spec:
  parentRefs: [{name: gate}]
  hostnames: [grpc.example.com]
  rules: [{backendRefs: [{name: api, namespace: INFRA, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: tls, namespace: SHOP}
spec:
  parentRefs: [{name: gate}]
  hostnames: [tls.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: tcp, namespace: SHOP}
spec:
  parentRefs: [{name: gate}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: udp, namespace: SHOP}
spec:
  parentRefs: [{name: gate}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: routes, namespace: INFRA}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: SHOP}]
  to: [{group: "", kind: Service}]
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: certificates, namespace: INFRA}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: SHOP}]
  to: [{group: "", kind: Secret, name: tls}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: tls, namespace: SHOP}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  validation: {hostname: web.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: retries, namespace: SHOP}
spec: {targetRefs: [{group: "", kind: Service, name: web}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: envoy, namespace: SHOP}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]}
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: SHOP}
spec:
  host: web.apps.example.com
  to: {kind: Service, name: web, weight: 90}
  alternateBackends: [{kind: Service, name: canary, weight: 10}]
  tls: {termination: edge, externalCertificate: {name: route}}
---
# ---- Istio
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gate, namespace: SHOP}
spec:
  selector: {istio: gate-SHOP}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["./mesh.example.com"]
    tls: {mode: SIMPLE, credentialName: credential}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: SHOP}
spec:
  hosts: [web, mesh.example.com]
  gateways: [mesh, gate]
  http:
  - route:
    - {destination: {host: web, subset: v1}, weight: 90}
    - {destination: {host: api.INFRA.svc.cluster.local}, weight: 10}
    mirror: {host: shadow}
  - match: [{uri: {prefix: /outside}}]
    route: [{destination: {host: outside.example.com}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: short, namespace: SHOP}
spec:
  hosts: [api.INFRA]
  http: [{route: [{destination: {host: api.INFRA}}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: SHOP}
spec:
  host: web
  workloadSelector: {matchLabels: {app: web}}
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: credential}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: SHOP}
spec:
  hosts: [outside.example.com]
  ports: [{number: 443, name: https, protocol: TLS}]
  resolution: STATIC
  workloadSelector: {labels: {app: web}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: web, namespace: SHOP}
spec: {workloadSelector: {labels: {app: web}}}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: web, namespace: SHOP}
spec: {workloadSelector: {labels: {app: web}}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: web, namespace: SHOP}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: SHOP}
spec: {targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: gate}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: SHOP}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: web, namespace: SHOP}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: web, namespace: SHOP}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: web, namespace: SHOP}
spec: {selector: {matchLabels: {app: web}}, url: "oci://example.com/plugin", imagePullSecret: pull}
---
# ---- Linkerd
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: web.SHOP.svc.cluster.local, namespace: SHOP}
spec:
  routes: []
  dstOverrides: [{authority: "canary.SHOP.svc.cluster.local:80", weight: 500m}]
---
# ---- snapshots
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotClass
metadata: {name: class-SHOP}
driver: csi.example.com
deletionPolicy: Delete
parameters: {csi.storage.k8s.io/snapshotter-secret-name: csi, csi.storage.k8s.io/snapshotter-secret-namespace: INFRA}
---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: nightly, namespace: SHOP}
spec: {volumeSnapshotClassName: class-SHOP, source: {persistentVolumeClaimName: data}}
---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: imported, namespace: SHOP}
spec: {source: {volumeSnapshotContentName: content-SHOP}}
---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotContent
metadata: {name: content-SHOP}
spec:
  driver: csi.example.com
  deletionPolicy: Retain
  volumeSnapshotClassName: class-SHOP
  source: {snapshotHandle: handle}
  volumeSnapshotRef: {name: nightly, namespace: SHOP}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: restored, namespace: SHOP}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none
  resources: {requests: {storage: 1Gi}}
  dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
"""

_API, _ISTIO = "gateway.networking.k8s.io", "networking.istio.io"
_SNAPSHOTS = "snapshot.storage.k8s.io"
EDGES = f"""
{_API}/GatewayClass/_/class-shop HAS_PARAMETERS core/ConfigMap/infra/parameters
{_API}/Gateway/shop/gate HAS_GATEWAY_CLASS {_API}/GatewayClass/_/class-shop
{_API}/Gateway/shop/gate HAS_PARAMETERS core/ConfigMap/shop/own
{_API}/Gateway/shop/gate NAMES_HOST host:shop.example.com
{_API}/Gateway/shop/gate USES_SECRET core/Secret/shop/tls
{_API}/Gateway/shop/gate USES_SECRET core/Secret/infra/tls granted
{_API}/Gateway/shop/gate USES_SECRET core/Secret/infra/other refused
{_API}/Gateway/shop/gate USES_SECRET core/Secret/shop/client
{_API}/Gateway/shop/gate USES_CONFIGMAP core/ConfigMap/shop/ca
{_API}/ListenerSet/shop/more PARENT {_API}/Gateway/infra/gate
{_API}/ListenerSet/shop/more NAMES_HOST host:more.example.com
{_API}/ListenerSet/shop/more USES_SECRET core/Secret/shop/more
{_API}/HTTPRoute/shop/web PARENT {_API}/Gateway/shop/gate
{_API}/HTTPRoute/shop/web PARENT {_API}/Gateway/infra/gate
{_API}/HTTPRoute/shop/web PARENT core/Service/shop/web
{_API}/HTTPRoute/shop/web NAMES_HOST host:shop.example.com
{_API}/HTTPRoute/shop/web NAMES_HOST host:api.infra.svc
{_API}/HTTPRoute/shop/web REFERS_TO example.com/Filter/shop/f
{_API}/HTTPRoute/shop/web ROUTES_TO core/Service/shop/shadow
{_API}/HTTPRoute/shop/web ROUTES_TO core/Service/shop/web
{_API}/HTTPRoute/shop/web ROUTES_TO core/Service/infra/api granted
{_API}/HTTPRoute/shop/web ROUTES_TO core/Service/default/hidden refused
{_API}/GRPCRoute/shop/grpc PARENT {_API}/Gateway/shop/gate
{_API}/GRPCRoute/shop/grpc NAMES_HOST host:grpc.example.com
{_API}/GRPCRoute/shop/grpc ROUTES_TO core/Service/infra/api refused
{_API}/TLSRoute/shop/tls PARENT {_API}/Gateway/shop/gate
{_API}/TLSRoute/shop/tls NAMES_HOST host:tls.example.com
{_API}/TLSRoute/shop/tls ROUTES_TO core/Service/shop/web
{_API}/TCPRoute/shop/tcp PARENT {_API}/Gateway/shop/gate
{_API}/TCPRoute/shop/tcp ROUTES_TO core/Service/shop/web
{_API}/UDPRoute/shop/udp PARENT {_API}/Gateway/shop/gate
{_API}/UDPRoute/shop/udp ROUTES_TO core/Service/shop/web
{_API}/ReferenceGrant/infra/routes GRANTS core/Namespace/_/shop
{_API}/ReferenceGrant/infra/certificates GRANTS core/Namespace/_/shop
{_API}/ReferenceGrant/infra/certificates GRANTS core/Secret/infra/tls
{_API}/BackendTLSPolicy/shop/tls TARGETS core/Service/shop/web
{_API}/BackendTLSPolicy/shop/tls USES_CONFIGMAP core/ConfigMap/shop/ca
gateway.networking.x-k8s.io/XBackendTrafficPolicy/shop/retries TARGETS core/Service/shop/web
gateway.envoyproxy.io/BackendTrafficPolicy/shop/envoy TARGETS {_API}/HTTPRoute/shop/web
route.openshift.io/Route/shop/web ROUTES_TO core/Service/shop/web
route.openshift.io/Route/shop/web ROUTES_TO core/Service/shop/canary
route.openshift.io/Route/shop/web NAMES_HOST host:web.apps.example.com
route.openshift.io/Route/shop/web USES_SECRET core/Secret/shop/route
{_ISTIO}/Gateway/shop/gate SELECTS core/Pod/infra/gate
{_ISTIO}/Gateway/shop/gate USES_SECRET core/Secret/infra/credential
{_ISTIO}/Gateway/shop/gate NAMES_HOST host:mesh.example.com
{_ISTIO}/VirtualService/shop/web PARENT {_ISTIO}/Gateway/shop/gate
{_ISTIO}/VirtualService/shop/web CONFIGURES core/Service/shop/web
{_ISTIO}/VirtualService/shop/web CONFIGURES host:mesh.example.com
{_ISTIO}/VirtualService/shop/web NAMES_HOST host:mesh.example.com
{_ISTIO}/VirtualService/shop/web ROUTES_TO core/Service/shop/web
{_ISTIO}/VirtualService/shop/web ROUTES_TO core/Service/infra/api
{_ISTIO}/VirtualService/shop/web ROUTES_TO core/Service/shop/shadow
{_ISTIO}/VirtualService/shop/web ROUTES_TO host:outside.example.com
{_ISTIO}/VirtualService/shop/short CONFIGURES core/Service/infra/api
{_ISTIO}/VirtualService/shop/short CONFIGURES host:api.infra
{_ISTIO}/VirtualService/shop/short NAMES_HOST host:api.infra
{_ISTIO}/VirtualService/shop/short ROUTES_TO core/Service/infra/api
{_ISTIO}/VirtualService/shop/short ROUTES_TO host:api.infra
{_ISTIO}/DestinationRule/shop/web CONFIGURES core/Service/shop/web
{_ISTIO}/DestinationRule/shop/web SELECTS core/Pod/shop/web
{_ISTIO}/DestinationRule/shop/web USES_SECRET core/Secret/shop/credential
{_ISTIO}/ServiceEntry/shop/outside NAMES_HOST host:outside.example.com
{_ISTIO}/ServiceEntry/shop/outside SELECTS core/Pod/shop/web
{_ISTIO}/Sidecar/shop/web SELECTS core/Pod/shop/web
{_ISTIO}/EnvoyFilter/shop/web SELECTS core/Pod/shop/web
{_ISTIO}/ProxyConfig/shop/web SELECTS core/Pod/shop/web
security.istio.io/AuthorizationPolicy/shop/web TARGETS {_API}/Gateway/shop/gate
security.istio.io/PeerAuthentication/shop/web SELECTS core/Pod/shop/web
security.istio.io/RequestAuthentication/shop/web SELECTS core/Pod/shop/web
telemetry.istio.io/Telemetry/shop/web SELECTS core/Pod/shop/web
extensions.istio.io/WasmPlugin/shop/web SELECTS core/Pod/shop/web
extensions.istio.io/WasmPlugin/shop/web USES_SECRET core/Secret/shop/pull
linkerd.io/ServiceProfile/shop/web.shop.svc.cluster.local CONFIGURES core/Service/shop/web
linkerd.io/ServiceProfile/shop/web.shop.svc.cluster.local ROUTES_TO core/Service/shop/canary
{_SNAPSHOTS}/VolumeSnapshotClass/_/class-shop PROVISIONED_BY storage.k8s.io/CSIDriver/_/csi.example.com optional
{_SNAPSHOTS}/VolumeSnapshotClass/_/class-shop USES_SECRET core/Secret/infra/csi
{_SNAPSHOTS}/VolumeSnapshot/shop/nightly SNAPSHOTS core/PersistentVolumeClaim/shop/data
{_SNAPSHOTS}/VolumeSnapshot/shop/nightly SNAPSHOTS {_SNAPSHOTS}/VolumeSnapshotClass/_/class-shop
{_SNAPSHOTS}/VolumeSnapshot/shop/nightly BOUND_TO {_SNAPSHOTS}/VolumeSnapshotContent/_/content-shop
{_SNAPSHOTS}/VolumeSnapshot/shop/imported SNAPSHOTS {_SNAPSHOTS}/VolumeSnapshotContent/_/content-shop
{_SNAPSHOTS}/VolumeSnapshotContent/_/content-shop PROVISIONED_BY storage.k8s.io/CSIDriver/_/csi.example.com optional
{_SNAPSHOTS}/VolumeSnapshotContent/_/content-shop SNAPSHOTS {_SNAPSHOTS}/VolumeSnapshotClass/_/class-shop
{_SNAPSHOTS}/VolumeSnapshotContent/_/content-shop BOUND_TO {_SNAPSHOTS}/VolumeSnapshot/shop/nightly
core/PersistentVolumeClaim/shop/restored RESTORES {_SNAPSHOTS}/VolumeSnapshot/shop/nightly
core/PersistentVolumeClaim/shop/restored HAS_STORAGE_CLASS storage.k8s.io/StorageClass/_/none
"""
