"""The reference pages, written from the tables: `python -m kgraph.cli.reference.pages FOLDER`."""

from pathlib import Path

from kgraph.api.schema_export import schema_text
from kgraph.cli.reference.events import PAGES as EVENT_PAGES
from kgraph.cli.reference.markdown import cell
from kgraph.cli.reference.metrics import PAGES as METRIC_PAGES
from kgraph.cli.reference.tables import PAGES as TABLE_PAGES
from kgraph.cli.settings.setting import Setting, Takes
from kgraph.cli.settings.table import SETTINGS
from kgraph.cli.settings.variables import VARIABLES

_HEAD = """\
# Settings

<!-- Written by `make docs` from the tables in kgraph/cli/settings. -->

A YAML file, named by `--config` or by the variable `CLUSTERS_CONFIG`, which may hold the YAML itself. Every key of
its first level can also be an environment variable in capitals (`WATCH_RESOURCES=pods,-events`); a variable wins over
the file. Durations are Go's: `30s`, `5m`, `1h30m`. Whatever nobody knows, and whatever this version cannot do, is an
error that names the place.

```yaml
clusters:
  - id: prod
    kubeconfig_context: prod-eu
  - id: staging
    auth_method: token
    api_server_url: https://staging.example.com:6443
    service_account_token_file: /var/run/kgraph/staging-token
    tls_config:
      ca_file: /etc/kgraph/staging-ca.pem
watch_resources: [-events]
resync_period: 30m
```
"""


def settings_page() -> str:
    """The page's text."""
    parts = [_HEAD]
    for parent, heading in (("", "The file"), ("clusters[]", "A cluster")):
        rows = [row for row in SETTINGS if row.parent == parent]
        parts.append(_table(heading, rows))
    for section in ("clusters[].tls_config", "clusters[].oidc"):
        rows = [row for row in SETTINGS if row.parent == section]
        parts.append(_table(f"`{section.rpartition('.')[2]}` of a cluster", rows))
    known = "authentication"
    for section, heading in (
        (known, "Who knows callers: `authentication`"),
        (f"{known}.token_review[]", "A cluster that knows callers: `token_review`"),
        (f"{known}.oidc[]", "An issuer of callers' tokens: `oidc` of `authentication`"),
    ):
        parts.append(_table(heading, [row for row in SETTINGS if row.parent == section]))
    parts.append(_table("A tenant", [row for row in SETTINGS if row.parent == "tenants[]"]))
    kinds = "custom_resource_definitions[]"
    for section, heading in (
        ("prices", "`prices`"),
        ("prices.rules[]", "A rule of `prices`"),
        (kinds, "A custom kind"),
        (f"{kinds}.edges[]", "An edge of a custom kind"),
        ("feeds[]", "A feed of your own"),
        ("feeds[].filter", "`filter` of a feed"),
    ):
        parts.append(_table(heading, [row for row in SETTINGS if row.parent == section]))
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for variable in VARIABLES:
        meaning = variable.meaning
        if variable.choices:
            meaning += f" ({', '.join(f'`{choice}`' for choice in variable.choices)})"
        lines.append(f"| `{variable.name}` | {_code(variable.default)} | {cell(meaning)} |")
    parts.append("\n".join(["## Other variables", "", *lines, ""]))
    return "\n".join(parts)


def _table(heading: str, rows: list[Setting]) -> str:
    lines = [f"## {heading}", "", "| key | default | meaning |", "|---|---|---|"]
    lines += [f"| `{row.name}` | {_default(row)} | {cell(_meaning(row))} |" for row in rows]
    return "\n".join([*lines, ""])


def _meaning(row: Setting) -> str:
    text = row.meaning
    if row.choices:
        text += f": {', '.join(f'`{choice}`' for choice in row.choices)}"
    return text


def _default(row: Setting) -> str:
    if row.required:
        return "needed"
    if row.takes in (Takes.SECTION, Takes.SECTIONS):
        return ""
    return _code(row.default)


def _code(value: object) -> str:
    if value in ("", []):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


PAGES = {"settings.md": settings_page, "schema.graphql": schema_text, **TABLE_PAGES, **EVENT_PAGES, **METRIC_PAGES}


def stale_pages(folder: Path) -> list[str]:
    """The pages in a folder that are not what the tables say now, or are not there."""
    current = {name: file.read_text("utf-8") for name in PAGES if (file := folder / name).is_file()}
    return [name for name, page in PAGES.items() if current.get(name) != page()]
