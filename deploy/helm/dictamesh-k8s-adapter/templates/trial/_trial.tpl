{{/* What the servers of a trial share. Their own images write to their root file systems, so these are not read-only. */}}
{{- define "adapter.trialPod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ last . }}
  runAsGroup: {{ last . }}
  fsGroup: {{ last . }}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "adapter.trialSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* The Service, and who may reach it: our own Pods, for neither Kafka nor Redis asks who it is. Takes a list: root,
component, ports. */}}
{{- define "adapter.trialService" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $name := printf "%s-%s" (include "adapter.name" $root) $component }}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "adapter.labels" (list $root $component) | nindent 4 }}
spec:
  selector:
    {{- include "adapter.selector" (list $root $component) | nindent 4 }}
  ports:
    {{- range index . 2 }}
    - {name: p{{ . }}, port: {{ . }}, targetPort: {{ . }}}
    {{- end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "adapter.labels" (list $root $component) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "adapter.selector" (list $root $component) | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              app.kubernetes.io/instance: {{ include "adapter.name" $root }}
            matchExpressions:
              - {key: app.kubernetes.io/component, operator: In, values: [api, worker]}
{{- end -}}
