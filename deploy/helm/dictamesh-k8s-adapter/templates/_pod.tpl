{{/* What the Pods of the API and of the workers share. Takes a list: root, component, the component's values, arguments. */}}
{{- define "adapter.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $own := index . 2 -}}
labels:
  {{- include "adapter.labels" (list $root (index . 1)) | nindent 2 }}
  {{- with $own.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Settings are read at the start: another ConfigMap is another Pod.
  checksum/config: {{ include "adapter.configuration" $root | sha256sum }}
  {{- with $own.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "adapter.podSpec" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $own := index . 2 -}}
serviceAccountName: {{ include "adapter.serviceAccount" $root }}
# Variables of other Services would be taken for settings of Neo4j, Kafka and Redis.
enableServiceLinks: false
terminationGracePeriodSeconds: 30
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if $own.topologySpreadConstraints }}
  {{- toYaml $own.topologySpreadConstraints | nindent 2 }}
{{- else }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "adapter.selector" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
volumes:
  - name: config
    configMap:
      name: {{ include "adapter.configMap" $root }}
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- range $root.Values.loginSecrets }}
  - name: login-{{ . }}
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- with $root.Values.kafka.tlsSecret }}
  - name: kafka-tls
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- if and (eq $component "api") $root.Values.tls.existingSecret }}
  - name: tls
    secret:
      secretName: {{ $root.Values.tls.existingSecret }}
      defaultMode: 0440
  {{- with $root.Values.tls.clientCASecret }}
  - name: tls-client-ca
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- end }}
  {{- with $root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "adapter.container" -}}
{{- $root := index . 0 -}}
{{- $own := index . 2 -}}
image: {{ include "adapter.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args: {{ toJson (index . 3) }}
securityContext:
  {{- include "adapter.containerSecurity" $root | nindent 2 }}
env:
  {{- include "adapter.environment" $root | nindent 2 }}
  {{- if and (eq (index . 1) "api") $root.Values.tls.existingSecret }}
  {{- include "adapter.tlsEnvironment" $root | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml $own.resources | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/kgraph/config
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- range $root.Values.loginSecrets }}
  - name: login-{{ . }}
    mountPath: /etc/kgraph/logins/{{ . }}
    readOnly: true
  {{- end }}
  {{- if $root.Values.kafka.tlsSecret }}
  - name: kafka-tls
    mountPath: /etc/kgraph/kafka
    readOnly: true
  {{- end }}
  {{- if and (eq (index . 1) "api") $root.Values.tls.existingSecret }}
  # Whole folders: files that are mounted by themselves are never renewed.
  - name: tls
    mountPath: /etc/kgraph/tls
    readOnly: true
  {{- if $root.Values.tls.clientCASecret }}
  - name: tls-client-ca
    mountPath: /etc/kgraph/tls-client-ca
    readOnly: true
  {{- end }}
  {{- end }}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "adapter.tlsEnvironment" -}}
{{- with .Values.tls -}}
- name: TLS_CERT_FILE
  value: /etc/kgraph/tls/tls.crt
- name: TLS_KEY_FILE
  value: /etc/kgraph/tls/tls.key
{{- if .clientCASecret }}
- name: TLS_CLIENT_CA_FILE
  value: /etc/kgraph/tls-client-ca/{{ .clientCAKey }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Where the API is asked how it is. A kubelet has no certificate to show: with mTLS it asks on the port of the metrics. */}}
{{- define "adapter.apiProbe" -}}
{{- $root := first . -}}
{{- if $root.Values.tls.clientCASecret -}}
httpGet: {path: {{ last . }}, port: metrics}
{{- else if $root.Values.tls.existingSecret -}}
httpGet: {path: {{ last . }}, port: http, scheme: HTTPS}
{{- else -}}
httpGet: {path: {{ last . }}, port: http}
{{- end -}}
{{- end -}}

{{- define "adapter.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "adapter.environment" -}}
- name: CLUSTERS_CONFIG
  value: /etc/kgraph/config/clusters.yaml
- name: LOG_LEVEL
  value: {{ .Values.log.level }}
- name: LOG_FORMAT
  value: {{ .Values.log.format }}
- name: METRICS_HOST
  value: 0.0.0.0
- name: METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
- name: NEO4J_URI
  value: {{ include "adapter.neo4jUri" . }}
- name: NEO4J_USER
  value: {{ .Values.neo4j.user | quote }}
- name: NEO4J_DATABASE
  value: {{ .Values.neo4j.database | quote }}
- name: NEO4J_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "adapter.neo4jSecret" . }}
      key: {{ .Values.neo4j.passwordKey }}
{{- with include "adapter.kafkaServers" . }}
- name: KAFKA_BOOTSTRAP_SERVERS
  value: {{ . | quote }}
{{- if not $.Values.trial.kafka }}
- name: KAFKA_SECURITY_PROTOCOL
  value: {{ $.Values.kafka.securityProtocol }}
{{- if hasPrefix "SASL" $.Values.kafka.securityProtocol }}
{{- $secret := required "kafka.existingSecret is missing: SASL needs a Secret with kafka.usernameKey and kafka.passwordKey" $.Values.kafka.existingSecret }}
- name: KAFKA_SASL_MECHANISM
  value: {{ $.Values.kafka.saslMechanism }}
- name: KAFKA_SASL_USERNAME
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $.Values.kafka.usernameKey }}}}
- name: KAFKA_SASL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $.Values.kafka.passwordKey }}}}
{{- end }}
{{- $variables := dict "ca.crt" "KAFKA_SSL_CA_FILE" "tls.crt" "KAFKA_SSL_CERT_FILE" "tls.key" "KAFKA_SSL_KEY_FILE" }}
{{- if $.Values.kafka.tlsSecret }}
{{- range $.Values.kafka.tlsKeys }}
- name: {{ get $variables . }}
  value: /etc/kgraph/kafka/{{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.redis.existingSecret (not .Values.trial.redis) }}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.redis.existingSecret }}, key: {{ .Values.redis.urlKey }}}}
{{- else if include "adapter.redisUrl" . }}
- name: REDIS_URL
  value: {{ include "adapter.redisUrl" . | quote }}
{{- end }}
{{- with .Values.credentialsKey.existingSecret }}
- name: KGRAPH_CREDENTIALS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.credentialsKey.key }}}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
