"""The control plane's components as a table: what each is told, and how it is asked whether it is ready."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kgraph.stack.health_page import ask
from kgraph.stack.kubernetes_setting import ADMIN, Setting
from kgraph.stack.ports import LOOPBACK
from kgraph.stack.process import Command
from kgraph.stack.server import Plan, Ports

# An apiserver waits a minute for its watchers; all that is to be kept is in etcd, which needs none of this.
GRACE_SECONDS = 3.0
SERVICE_RANGE = "10.96.0.0/16"

# A data set of ten thousand Pods should be made as fast as the machine can, not at the default 20 calls a second.
CALLS_PER_SECOND = ("--kube-api-qps=1000", "--kube-api-burst=2000")


Arguments = Callable[[Ports], tuple[str, ...]]
Probe = Callable[[Ports], Awaitable[None]]


def etcd(setting: Setting) -> Plan:
    """The store. It does not wait for the disk: its data is worth nothing after the tests."""

    def arguments(ports: Ports) -> tuple[str, ...]:
        client, peer = (f"http://{LOOPBACK}:{ports[name]}" for name in ("client", "peer"))
        return (
            f"--data-dir={setting.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--quota-backend-bytes=8589934592",  # 8 GiB; the default of 2 is soon full of an hour of churn
            "--unsafe-no-fsync",
            "--log-level=warn",
        )

    async def probe(ports: Ports) -> None:
        await ask(f"http://{LOOPBACK}:{ports['client']}/health")

    return _plan(setting, setting.programs.etcd, ("client", "peer"), arguments, probe)


def kube_apiserver(setting: Setting, etcd_url: str) -> Plan:
    """The API: RBAC, tokens from a file, client certificates, and the aggregation layer."""
    # The controller that makes service accounts, without which no Pod is admitted, is not there.
    left_out = ("--disable-admission-plugins=ServiceAccount",) if setting.options.minimal else ()

    file = setting.options.authorization
    authorization = f"--authorization-config={file}" if file else "--authorization-mode=RBAC"

    def arguments(ports: Ports) -> tuple[str, ...]:
        return (
            f"--etcd-servers={etcd_url}",
            f"--etcd-prefix={setting.options.etcd_prefix}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={ports['secure']}",
            f"--tls-cert-file={setting.serving.certificate}",
            f"--tls-private-key-file={setting.serving.key}",
            f"--cert-dir={setting.folder}",
            f"--client-ca-file={setting.ca_file}",
            f"--token-auth-file={setting.token_file}",
            authorization,
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={setting.signing_key}",
            f"--service-account-signing-key-file={setting.signing_key}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--endpoint-reconciler-type=none",  # it would name the loopback, which no Endpoints may
            "--allow-privileged",
            "--enable-priority-and-fairness=false",
            "--max-requests-inflight=2000",
            "--max-mutating-requests-inflight=1000",
            f"--requestheader-client-ca-file={setting.front_proxy.ca.certificate}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={setting.proxy_client.certificate}",
            f"--proxy-client-key-file={setting.proxy_client.key}",
            *left_out,
            *setting.options.apiserver_options,
        )

    async def probe(ports: Ports) -> None:
        headers = {"authorization": f"Bearer {setting.tokens[ADMIN]}"}
        url = f"https://{LOOPBACK}:{ports['secure']}/readyz"
        await ask(url, ca_file=setting.ca_file, headers=headers)

    return _plan(setting, setting.programs.kubernetes / "kube-apiserver", ("secure",), arguments, probe)


def kube_controller_manager(setting: Setting) -> Plan:
    """The controllers, garbage collection and namespace deletion among them; no node addresses."""

    def arguments(ports: Ports) -> tuple[str, ...]:
        return (
            *_client_and_port(setting, "kube-controller-manager", ports),
            "--controllers=*,bootstrapsigner,tokencleaner,-nodeipam",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={setting.signing_key}",
            f"--root-ca-file={setting.ca_file}",
            f"--cluster-signing-cert-file={setting.ca_file}",
            f"--cluster-signing-key-file={setting.authority.ca.key}",
            "--concurrent-deployment-syncs=20",
            "--concurrent-replicaset-syncs=20",
            "--concurrent-gc-syncs=40",
            *CALLS_PER_SECOND,
        )

    return _plan(
        setting, setting.programs.kubernetes / "kube-controller-manager", ("secure",), arguments, _healthz(setting)
    )


def kube_scheduler(setting: Setting) -> Plan:
    """The scheduler, with its usual profile."""

    def arguments(ports: Ports) -> tuple[str, ...]:
        return (*_client_and_port(setting, "kube-scheduler", ports), *CALLS_PER_SECOND)

    return _plan(setting, setting.programs.kubernetes / "kube-scheduler", ("secure",), arguments, _healthz(setting))


def kwok(setting: Setting) -> Plan:
    """In the place of kubelets: it makes each Node ready and each scheduled Pod run, and says what they use."""

    def arguments(ports: Ports) -> tuple[str, ...]:
        options = setting.options
        kubelet = (
            # Where metrics-server, and the apiserver for logs, which ask over TLS only, are to find the nodes.
            f"--node-ip={LOOPBACK}",
            f"--node-port={ports['http']}",
            f"--tls-cert-file={setting.serving.certificate}",
            f"--tls-private-key-file={setting.serving.key}",
        )
        return (
            f"--kubeconfig={setting.kubeconfig_of('kwok')}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            *(f"--config={file}" for file in setting.programs.stage_files),
            f"--server-address={LOOPBACK}:{ports['http']}",
            *(kubelet if options.metrics or options.logs else ()),
            *(f"--config={file}" for file in setting.programs.usage_files if options.metrics),
            *((f"--config={setting.logs_config_file}",) if options.logs else ()),
        )

    async def probe(ports: Ports) -> None:
        await ask(f"http://{LOOPBACK}:{ports['http']}/healthz")

    return _plan(setting, setting.programs.kwok, ("http",), arguments, probe)


def metrics_server(setting: Setting) -> Plan:
    """It asks the nodes for what they and their Pods use, as often as it lets itself be told to."""

    def arguments(ports: Ports) -> tuple[str, ...]:
        kubeconfig = setting.kubeconfig_of("metrics-server")
        return (
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={ports['secure']}",
            f"--tls-cert-file={setting.serving.certificate}",
            f"--tls-private-key-file={setting.serving.key}",
            "--kubelet-insecure-tls",
            "--kubelet-use-node-status-port",
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-request-timeout=5s",
            "--metric-resolution=10s",
        )

    async def probe(ports: Ports) -> None:
        await ask(f"https://{LOOPBACK}:{ports['secure']}/livez", ca_file=setting.ca_file)

    return _plan(setting, setting.programs.metrics_server, ("secure",), arguments, probe)


def metrics_api(port: int) -> tuple[dict[str, Any], ...]:
    """What makes the apiserver pass metrics.k8s.io on to a metrics-server at this port of the loopback.

    An APIService can name only a Service: one that is another name for the loopback.
    """
    service = {"namespace": "kube-system", "name": "metrics-server"}
    return (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": service,
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,  # its certificate is for the loopback, not for the Service's name
                "service": {**service, "port": port},
            },
        },
    )


def _plan(setting: Setting, program: Path, ports: tuple[str, ...], arguments: Arguments, probe: Probe) -> Plan:
    name = "etcd" if program == setting.programs.etcd else program.name

    def command(numbers: Ports) -> Command:
        argv = (str(program), *arguments(numbers))
        return Command(name, argv, setting.log_of(name), grace_seconds=GRACE_SECONDS, held_files=setting.held_files)

    return Plan(name, dict.fromkeys(ports, 0), command, probe)


def _client_and_port(setting: Setting, user: str, ports: Ports) -> tuple[str, ...]:
    kubeconfig = setting.kubeconfig_of(user)
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--authentication-skip-lookup",
        "--leader-elect=false",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={ports['secure']}",
        f"--tls-cert-file={setting.serving.certificate}",
        f"--tls-private-key-file={setting.serving.key}",
    )


def _healthz(setting: Setting) -> Probe:
    async def probe(ports: Ports) -> None:
        await ask(f"https://{LOOPBACK}:{ports['secure']}/healthz", ca_file=setting.ca_file)

    return probe
