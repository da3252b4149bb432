"""The settings of one cluster, one row each: who it is, the login, the way to its apiserver."""

from kgraph.cli.settings.setting import Setting, Takes

CLUSTER_SETTINGS: tuple[Setting, ...] = (
    Setting(key="clusters[]", takes=Takes.SECTIONS, default=[], meaning="the clusters to keep in the graph"),
    Setting(
        key="clusters[].id",
        takes=Takes.TEXT,
        required=True,
        meaning="the cluster's name in keys and queries: letters, digits, `-`, `_`, `.`; never to be changed",
    ),
    Setting(key="clusters[].name", takes=Takes.TEXT, meaning="a name for people; the id where there is none"),
    Setting(key="clusters[].environment", takes=Takes.TEXT, meaning="such as `dev`, `staging`, `prod`"),
    Setting(key="clusters[].region", takes=Takes.TEXT, meaning="where it runs"),
    Setting(
        key="clusters[].auth_method",
        takes=Takes.CHOICE,
        default="kubeconfig",
        choices=("kubeconfig", "service_account", "token", "oidc", "in_cluster", "snapshot"),
        meaning="where the login comes from; `snapshot` reads a dump instead of a server",
    ),
    Setting(
        key="clusters[].kubeconfig_path",
        takes=Takes.TEXT,
        meaning="a kubeconfig file, or several with `:` between; else KUBECONFIG, else ~/.kube/config",
    ),
    Setting(key="clusters[].kubeconfig_context", takes=Takes.TEXT, meaning="its context; else the current one"),
    Setting(
        key="clusters[].service_account_token",
        takes=Takes.TEXT,
        secret=True,
        meaning="the token of `service_account` and `token`; better in a file",
    ),
    Setting(
        key="clusters[].service_account_token_file",
        takes=Takes.TEXT,
        meaning="a file with the token, read again when it is renewed",
    ),
    Setting(key="clusters[].oidc", takes=Takes.SECTION, meaning="the login of auth_method `oidc`"),
    Setting(key="clusters[].oidc.issuer_url", takes=Takes.TEXT, required=True, meaning="who issues the tokens"),
    Setting(key="clusters[].oidc.client_id", takes=Takes.TEXT, required=True, meaning="who we are to the issuer"),
    Setting(
        key="clusters[].oidc.refresh_token_file",
        takes=Takes.TEXT,
        required=True,
        meaning="a file with the refresh token; where the issuer gives a new one, it is written back",
    ),
    Setting(key="clusters[].oidc.client_secret_file", takes=Takes.TEXT, meaning="a file with the client's secret"),
    Setting(
        key="clusters[].oidc.ca_file",
        takes=Takes.TEXT,
        meaning="PEM file of the issuer's authority; else the system's. Its certificate is always checked",
    ),
    Setting(
        key="clusters[].api_server_url",
        takes=Takes.TEXT,
        meaning="the apiserver's address; the kubeconfig's and the Pod's own where there is none",
    ),
    Setting(key="clusters[].tls_config", takes=Takes.SECTION, meaning="how the server proves itself, and how we do"),
    Setting(key="clusters[].tls_config.ca_file", takes=Takes.TEXT, meaning="PEM file of the server's authority"),
    Setting(key="clusters[].tls_config.cert_file", takes=Takes.TEXT, meaning="PEM file of our certificate"),
    Setting(key="clusters[].tls_config.key_file", takes=Takes.TEXT, meaning="PEM file of its key"),
    Setting(
        key="clusters[].tls_config.ca_data", takes=Takes.TEXT, meaning="the authority itself, PEM, in place of a file"
    ),
    Setting(
        key="clusters[].tls_config.cert_data",
        takes=Takes.TEXT,
        meaning="our certificate itself, PEM, in place of a file",
    ),
    Setting(
        key="clusters[].tls_config.key_data",
        takes=Takes.TEXT,
        secret=True,
        meaning="its key itself, PEM; better in a file",
    ),
    Setting(
        key="clusters[].tls_config.server_name",
        takes=Takes.TEXT,
        meaning="the name that the server's certificate must have, where it is not the address's",
    ),
    Setting(
        key="clusters[].tls_config.insecure_skip_verify",
        takes=Takes.SWITCH,
        default=False,
        meaning="trust any certificate: whoever is on the way can read the login",
    ),
    Setting(key="clusters[].qps", takes=Takes.NUMBER, default=50, meaning="requests a second at most; 0: no limit"),
    Setting(key="clusters[].burst", takes=Takes.WHOLE, default=100, meaning="requests at once before `qps` holds"),
    Setting(
        key="clusters[].timeout",
        takes=Takes.DURATION,
        default="30s",
        meaning="how long an answer may be silent before it counts as lost",
    ),
    Setting(
        key="clusters[].snapshot_path",
        takes=Takes.TEXT,
        meaning="a folder or file of manifests, for auth_method `snapshot`; `-` is standard input",
    ),
    Setting(
        key="clusters[].parts",
        takes=Takes.PARTS,
        default={},
        meaning="kinds that are a shard of their own, where a cluster is too much for one worker",
    ),
)
