"""Edges of cert-manager: who issues certificates, and the Secrets that they are kept in.

Sources: cert-manager's API reference, and its documentation of the cluster resource namespace.
"""

from kgraph.graphdb.edges.row import ANY, BREAKS, DEGRADES, NOTHING, EdgeRow

_GROUP, _ACME = "cert-manager.io", "acme.cert-manager.io"
_CERTIFICATE = f"Certificate.{_GROUP}"
_ISSUER = f"Issuer.{_GROUP}"
_ISSUERS = (_ISSUER, f"ClusterIssuer.{_GROUP}")
_HOME = "cert-manager"  # --cluster-resource-namespace: where the Secrets of ClusterIssuers are
_DNS = "spec.acme.solvers[].dns01"
_VAULT, _VENAFI = "spec.vault", "spec.venafi"
_ACCOUNT_KEY = "spec.acme.privateKeySecretRef"
_MAKES_NO_KEY = {"spec.acme.disableAccountKeyGeneration": True}

ROWS = (
    EdgeRow(
        type="ISSUED_BY",
        start=(_CERTIFICATE,),
        end=ANY,
        at=("spec.issuerRef",),
        kind=".kind",
        group=".group",
        default=_ISSUER,
        on_delete=BREAKS,
        on_failure=DEGRADES,
        doc="The issuer of a Certificate, without which it is not renewed.",
    ),
    EdgeRow(
        type="ISSUED_BY",
        start=(f"CertificateRequest.{_GROUP}", f"Order.{_ACME}", f"Challenge.{_ACME}"),
        end=ANY,
        at=("spec.issuerRef",),
        kind=".kind",
        group=".group",
        default=_ISSUER,
        on_delete=NOTHING,
        doc="The issuer that a request is, or was, made of.",
    ),
    EdgeRow(
        type="WRITES",
        start=(_CERTIFICATE,),
        end="Secret",
        at=("spec.secretName", "status.nextPrivateKeySecretName"),
        name=".",
        optional=True,
        on_delete=NOTHING,
        doc="The Secrets that a Certificate keeps its key and chain in; they are made again, not needed.",
    ),
    EdgeRow(
        type="MADE_BY",
        start=("Secret",),
        end=_CERTIFICATE,
        at=('metadata.annotations["cert-manager.io/certificate-name"]',),
        name=".",
        optional=True,
        on_delete=NOTHING,
        doc="The Certificate that a Secret was written for; optional, since the Secret outlives it.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=(_CERTIFICATE,),
        end="Secret",
        at=("spec.keystores.jks|pkcs12.passwordSecretRef",),
        on_delete=BREAKS,
        doc="The passwords of a Certificate's keystores.",
    ),
    # ---- issuers
    EdgeRow(
        type="WRITES",
        start=_ISSUERS,
        end="Secret",
        at=(_ACCOUNT_KEY,),
        home=_HOME,
        unless=_MAKES_NO_KEY,
        optional=True,
        on_delete=NOTHING,
        doc="The Secret that an ACME issuer keeps its account's key in; it is made where it is missing.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_ISSUERS,
        end="Secret",
        at=(_ACCOUNT_KEY,),
        home=_HOME,
        when=_MAKES_NO_KEY,
        on_delete=BREAKS,
        doc="The key of an ACME account that the issuer must not make itself.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_ISSUERS,
        end="Secret",
        at=("spec.ca", f"{_VAULT}.auth.clientCertificate"),
        name=".secretName",
        home=_HOME,
        on_delete=BREAKS,
        doc="The key pair of a CA, and a client certificate for Vault.",
    ),
    EdgeRow(
        type="USES_SECRET",
        start=_ISSUERS,
        end="Secret",
        at=(
            "spec.acme.externalAccountBinding.keySecretRef",
            f"{_VAULT}.auth.tokenSecretRef",
            f"{_VAULT}.auth.appRole|kubernetes.secretRef",
            f"{_VAULT}.caBundleSecretRef|clientCertSecretRef|clientKeySecretRef",
            f"{_VENAFI}.tpp.credentialsRef|caBundleSecretRef",
            f"{_VENAFI}.cloud.apiTokenSecretRef",
            f"{_VENAFI}.ngts.credentialsRef",
            f"{_DNS}.acmeDNS.accountSecretRef",
            f"{_DNS}.akamai.accessTokenSecretRef|clientSecretSecretRef|clientTokenSecretRef",
            f"{_DNS}.azureDNS.clientSecretSecretRef",
            f"{_DNS}.cloudDNS.serviceAccountSecretRef",
            f"{_DNS}.cloudflare.apiKeySecretRef|apiTokenSecretRef",
            f"{_DNS}.digitalocean.tokenSecretRef",
            f"{_DNS}.rfc2136.tsigSecretSecretRef",
            f"{_DNS}.route53.accessKeyIDSecretRef|secretAccessKeySecretRef",
        ),
        home=_HOME,
        on_delete=BREAKS,
        doc="What an issuer logs in with; a ClusterIssuer's Secrets are in the namespace `cert-manager`.",
    ),
    EdgeRow(
        type="RUNS_AS",
        start=_ISSUERS,
        end="ServiceAccount",
        at=(f"{_VAULT}.auth.aws|kubernetes.serviceAccountRef", f"{_DNS}.route53.auth.kubernetes.serviceAccountRef"),
        home=_HOME,
        on_delete=BREAKS,
        doc="The ServiceAccounts whose tokens an issuer logs in with.",
    ),
)
