"""The settings of who may ask the API, one row each: who knows callers, and what tenants leave to them."""

from kgraph.cli.settings.setting import Setting, Takes

AUTHENTICATION_SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="authentication",
        takes=Takes.SECTION,
        meaning="who knows the callers of the API; without it the API listens on loopback only",
    ),
    Setting(
        key="authentication.token_review[]",
        takes=Takes.SECTIONS,
        meaning="clusters that are asked who has a token; whoever runs one can pose as any user, so name few",
    ),
    Setting(
        key="authentication.token_review[].cluster",
        takes=Takes.TEXT,
        required=True,
        meaning="the cluster's id; our login to it has to be allowed to `create` `tokenreviews`",
    ),
    Setting(
        key="authentication.token_review[].audiences[]",
        takes=Takes.LIST,
        meaning="for whom a token has to be, one of these; none: for the apiserver itself. Better one of our own, such "
        "as `kgraph`: such a token opens nothing but this API",
    ),
    Setting(key="authentication.oidc[]", takes=Takes.SECTIONS, meaning="OpenID Connect issuers whose tokens are taken"),
    Setting(
        key="authentication.oidc[].issuer_url",
        takes=Takes.TEXT,
        required=True,
        meaning="the issuer, just as its tokens have it in `iss`; https",
    ),
    Setting(
        key="authentication.oidc[].audiences[]",
        takes=Takes.LIST,
        required=True,
        meaning="for whom a token has to be, one of these: the client id that users sign in with",
    ),
    Setting(
        key="authentication.oidc[].username_claim",
        takes=Takes.TEXT,
        default="sub",
        meaning="the claim that is the user; `email` has to be verified",
    ),
    Setting(
        key="authentication.oidc[].username_prefix",
        takes=Takes.TEXT,
        meaning="what every user begins with; else the issuer and `#`, but nothing for the claim `email`; `-`: "
        "nothing. It has to be what the clusters' apiservers put there",
    ),
    Setting(
        key="authentication.oidc[].groups_claim",
        takes=Takes.TEXT,
        meaning="the claim that has the groups, a text or a list; without it there are none",
    ),
    Setting(
        key="authentication.oidc[].groups_prefix",
        takes=Takes.TEXT,
        meaning="what every group begins with; else nothing",
    ),
    Setting(
        key="authentication.oidc[].required_claims[]",
        takes=Takes.LIST,
        meaning="claims that a token has to have, with just these texts: `tenant=ops`",
    ),
    Setting(
        key="authentication.oidc[].ca_file",
        takes=Takes.TEXT,
        meaning="PEM file of the issuer's authority; else the system's. Its certificate is always checked",
    ),
    Setting(
        key="authentication.oidc[].clock_skew",
        takes=Takes.DURATION,
        default="30s",
        meaning="how far apart the issuer's clock and ours may be, 10m at most",
    ),
    Setting(
        key="allowed_hosts[]",
        takes=Takes.LIST,
        default=[],
        meaning="names beside localhost that requests to the API may be addressed to: `kgraph.example.com`",
    ),
    Setting(
        key="tenants[]",
        takes=Takes.SECTIONS,
        default=[],
        meaning="callers who see, count and change nothing but what is in some namespaces, whatever their rights; who "
        "is of several has the namespaces of all, who is of none is not narrowed",
    ),
    Setting(
        key="tenants[].name", takes=Takes.TEXT, required=True, meaning="what it is called where something is refused"
    ),
    Setting(
        key="tenants[].groups[]",
        takes=Takes.LIST,
        meaning="whose members are of it: groups as the clusters know them, prefix and all",
    ),
    Setting(key="tenants[].users[]", takes=Takes.LIST, meaning="who is of it beside them, as the clusters know users"),
    Setting(
        key="tenants[].namespaces",
        takes=Takes.NAMESPACES,
        required=True,
        meaning="its namespaces by cluster, `*` standing for any text: `prod: [shop, team-*]`; of a cluster that is "
        "not named it has none",
    ),
)
