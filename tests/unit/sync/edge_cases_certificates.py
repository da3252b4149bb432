"""Situations of cert-manager, External Secrets and Sealed Secrets; the first object is looked at."""

from tests.unit.sync.graphs import Case

_CERTS, _ACME, _ES = "cert-manager.io", "acme.cert-manager.io", "external-secrets.io"

CERTIFICATES = (
    Case(
        "a Certificate",
        f"""
apiVersion: {_CERTS}/v1
kind: Certificate
spec:
  secretName: web-tls
  issuerRef: {{name: ca}}
  keystores: {{pkcs12: {{passwordSecretRef: {{name: password, key: p}}}}}}
status: {{nextPrivateKeySecretName: web-next}}
""",
        f"""
ISSUED_BY {_CERTS}/Issuer/shop/ca
WRITES core/Secret/shop/web-tls optional
WRITES core/Secret/shop/web-next optional
USES_SECRET core/Secret/shop/password
""",
    ),
    *(
        Case(
            f"a {kind} of a ClusterIssuer",
            f"""
apiVersion: {group}/v1
kind: {kind}
spec: {{secretName: s, issuerRef: {{name: letsencrypt, kind: ClusterIssuer, group: {_CERTS}}}}}
""",
            f"ISSUED_BY {_CERTS}/ClusterIssuer/_/letsencrypt" + more,
        )
        for group, kind, more in (
            (_CERTS, "Certificate", "\nWRITES core/Secret/shop/s optional"),
            (_CERTS, "CertificateRequest", ""),
            (_ACME, "Order", ""),
            (_ACME, "Challenge", ""),
        )
    ),
    Case(
        "an issuer of someone else",
        f"""
apiVersion: {_CERTS}/v1
kind: CertificateRequest
spec: {{issuerRef: {{name: i, kind: Basket, group: shop.example.com}}}}
""",
        "ISSUED_BY shop.example.com/Basket/shop/i",
    ),
    Case(
        "a Certificate's Secret",
        "{kind: Secret, metadata: {annotations: {cert-manager.io/certificate-name: web}}}",
        f"MADE_BY {_CERTS}/Certificate/shop/web optional",
    ),
    Case(
        "a ClusterIssuer's Secrets, in the namespace of cert-manager",
        f"""
apiVersion: {_CERTS}/v1
kind: ClusterIssuer
spec:
  acme:
    privateKeySecretRef: {{name: account}}
    externalAccountBinding: {{keyID: k, keySecretRef: {{name: binding, key: k}}}}
    solvers:
    - dns01:
        route53:
          secretAccessKeySecretRef: {{name: aws, key: k}}
          auth: {{kubernetes: {{serviceAccountRef: {{name: dns}}}}}}
    - dns01: {{cloudflare: {{apiTokenSecretRef: {{name: cloudflare, key: k}}}}}}
""",
        """
WRITES core/Secret/cert-manager/account optional
USES_SECRET core/Secret/cert-manager/binding
USES_SECRET core/Secret/cert-manager/aws
USES_SECRET core/Secret/cert-manager/cloudflare
RUNS_AS core/ServiceAccount/cert-manager/dns
""",
    ),
    Case(
        "an issuer that must not make its account's key",
        f"""
apiVersion: {_CERTS}/v1
kind: Issuer
spec: {{acme: {{disableAccountKeyGeneration: true, privateKeySecretRef: {{name: account}}}}}}
""",
        "USES_SECRET core/Secret/shop/account",
    ),
    Case(
        "an Issuer of Vault",
        f"""
apiVersion: {_CERTS}/v1
kind: Issuer
spec:
  ca: {{secretName: pair}}
  vault:
    caBundleSecretRef: {{name: bundle}}
    auth: {{kubernetes: {{secretRef: {{name: token}}, serviceAccountRef: {{name: vault}}}}}}
""",
        """
USES_SECRET core/Secret/shop/pair
USES_SECRET core/Secret/shop/bundle
USES_SECRET core/Secret/shop/token
RUNS_AS core/ServiceAccount/shop/vault
""",
    ),
)

SECRETS = (
    Case(
        "an ExternalSecret",
        f"""
apiVersion: {_ES}/v1
kind: ExternalSecret
spec:
  secretStoreRef: {{name: vault}}
  target:
    name: made
    template: {{templateFrom: [{{secret: {{name: t}}}}, {{configMap: {{name: c}}}}]}}
  data: [{{secretKey: k, sourceRef: {{storeRef: {{name: aws, kind: ClusterSecretStore}}}}}}]
  dataFrom:
  - sourceRef: {{generatorRef: {{apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: p}}}}
""",
        f"""
SYNCS {_ES}/SecretStore/shop/vault
SYNCS {_ES}/ClusterSecretStore/_/aws
SYNCS generators.external-secrets.io/Password/shop/p
WRITES core/Secret/shop/made optional
USES_SECRET core/Secret/shop/t
USES_CONFIGMAP core/ConfigMap/shop/c
""",
    ),
    Case(
        "an ExternalSecret that names no target",
        f"{{apiVersion: {_ES}/v1, kind: ExternalSecret, spec: {{}}}}",
        "WRITES core/Secret/shop/x optional",
    ),
    Case(
        "an ExternalSecret that makes nothing",
        f"{{apiVersion: {_ES}/v1, kind: ExternalSecret, spec: {{target: {{name: a, creationPolicy: None}}}}}}",
    ),
    Case(
        "an ExternalSecret that merges into a Secret",
        f"{{apiVersion: {_ES}/v1, kind: ExternalSecret, spec: {{target: {{name: a, creationPolicy: Merge}}}}}}",
        "WRITES core/Secret/shop/a",
    ),
    Case(
        "an ExternalSecret that writes something else",
        f"""
apiVersion: {_ES}/v1
kind: ExternalSecret
spec: {{target: {{name: a, manifest: {{apiVersion: shop.example.com/v1, kind: Basket}}}}}}
""",
        "WRITES shop.example.com/Basket/shop/a optional",
    ),
    Case(
        "a ClusterExternalSecret, whose namespaced stores are in each namespace",
        f"""
apiVersion: {_ES}/v1
kind: ClusterExternalSecret
spec:
  externalSecretSpec:
    secretStoreRef: {{name: aws, kind: ClusterSecretStore}}
    data: [{{secretKey: k, sourceRef: {{storeRef: {{name: own}}}}}}]
""",
        f"SYNCS {_ES}/ClusterSecretStore/_/aws",
    ),
    Case(
        "a PushSecret",
        f"""
apiVersion: {_ES}/v1alpha1
kind: PushSecret
spec:
  secretStoreRefs: [{{name: vault}}, {{labelSelector: {{matchLabels: {{a: b}}}}, kind: ClusterSecretStore}}]
  selector: {{secret: {{name: s}}}}
---
{{apiVersion: {_ES}/v1, kind: ClusterSecretStore, metadata: {{name: all, labels: {{a: b}}}}}}
---
{{apiVersion: {_ES}/v1, kind: SecretStore, metadata: {{name: own, labels: {{a: b}}}}}}
""",
        f"""
SYNCS {_ES}/SecretStore/shop/vault
SYNCS {_ES}/ClusterSecretStore/_/all
USES_SECRET core/Secret/shop/s
""",
    ),
    Case(
        "a PushSecret that selects its Secrets and stores",
        f"""
apiVersion: {_ES}/v1alpha1
kind: PushSecret
spec:
  secretStoreRefs: [{{labelSelector: {{matchLabels: {{a: b}}}}}}]
  selector: {{secret: {{selector: {{matchLabels: {{c: d}}}}}}}}
---
{{apiVersion: {_ES}/v1, kind: SecretStore, metadata: {{name: own, labels: {{a: b}}}}}}
---
{{apiVersion: {_ES}/v1, kind: SecretStore, metadata: {{name: far, namespace: other, labels: {{a: b}}}}}}
---
{{kind: Secret, metadata: {{name: s, labels: {{c: d}}}}}}
""",
        f"SYNCS {_ES}/SecretStore/shop/own\nUSES_SECRET core/Secret/shop/s",
    ),
    Case(
        "a ClusterPushSecret, whose namespaced stores are in each namespace",
        f"""
apiVersion: {_ES}/v1alpha1
kind: ClusterPushSecret
spec:
  pushSecretSpec:
    secretStoreRefs:
    - {{name: aws, kind: ClusterSecretStore}}
    - {{name: own}}
    - {{labelSelector: {{matchLabels: {{a: b}}}}, kind: ClusterSecretStore}}
    selector: {{secret: {{name: each}}}}
---
{{apiVersion: {_ES}/v1, kind: ClusterSecretStore, metadata: {{name: all, labels: {{a: b}}}}}}
""",
        f"SYNCS {_ES}/ClusterSecretStore/_/aws\nSYNCS {_ES}/ClusterSecretStore/_/all",
    ),
    Case(
        "a PushSecret of a generator",
        f"""
apiVersion: {_ES}/v1alpha1
kind: PushSecret
spec: {{selector: {{generatorRef: {{apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: p}}}}}}
""",
        "SYNCS generators.external-secrets.io/Password/shop/p",
    ),
    Case(
        "a SecretStore reads its own namespace, whatever is written",
        f"""
apiVersion: {_ES}/v1
kind: SecretStore
spec:
  provider:
    vault:
      caProvider: {{type: ConfigMap, name: ca, key: k}}
      auth:
        tokenSecretRef: {{name: token, key: k, namespace: other}}
        kubernetes: {{role: r, mountPath: m, serviceAccountRef: {{name: robot, audiences: [a]}}}}
""",
        """
USES_CONFIGMAP core/ConfigMap/shop/ca
USES_SECRET core/Secret/shop/token
RUNS_AS core/ServiceAccount/shop/robot
""",
    ),
    Case(
        "a ClusterSecretStore's Secrets, as far as their namespace is said",
        f"""
apiVersion: {_ES}/v1
kind: ClusterSecretStore
spec:
  provider:
    aws:
      auth:
        secretRef:
          accessKeyIDSecretRef: {{name: aws, key: k, namespace: infra}}
          secretAccessKeySecretRef: {{name: each, key: k}}
    webhook:
      secrets: [{{name: a, secretRef: {{name: hook, namespace: infra}}}}]
      caProvider: {{type: Secret, name: ca, key: k, namespace: infra}}
""",
        """
USES_SECRET core/Secret/infra/aws
USES_SECRET core/Secret/infra/hook
USES_SECRET core/Secret/infra/ca
""",
    ),
    Case(
        "a SealedSecret",
        "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, spec: {template: {metadata: {name: other}}}}",
        "WRITES core/Secret/shop/x optional",
    ),
)
