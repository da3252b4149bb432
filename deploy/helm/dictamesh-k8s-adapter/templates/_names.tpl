{{/* What all objects are called: the names that SPEC fixes, unless told. */}}
{{- define "adapter.name" -}}
{{- .Values.fullnameOverride | default .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "adapter.worker" -}}{{ include "adapter.name" . }}-worker{{- end -}}

{{- define "adapter.configMap" -}}
{{- if .Values.fullnameOverride }}{{ include "adapter.name" . }}-config{{ else }}k8s-adapter-config{{ end -}}
{{- end -}}

{{- define "adapter.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "adapter.name" .) -}}
{{- end -}}

{{- define "adapter.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* What a Pod is chosen by: never to be changed, for a Deployment's selector cannot be. Takes a list: root, component. */}}
{{- define "adapter.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ include "adapter.name" $root }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{- define "adapter.labels" -}}
{{- $root := first . -}}
{{ include "adapter.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: dictamesh
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
