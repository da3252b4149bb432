{{/* clusters.yaml: what the values say, and `config` beside it. */}}
{{- define "adapter.configuration" -}}
{{- $name := include "adapter.name" . -}}
{{- $clusters := .Values.clusters -}}
{{- if .Values.cluster.enabled -}}
{{- $own := dict "id" .Values.cluster.id "auth_method" "in_cluster" -}}
{{- range $key := list "name" "environment" "region" -}}
{{- with get $.Values.cluster $key -}}{{- $_ := set $own $key . -}}{{- end -}}
{{- end -}}
{{- $clusters = prepend $clusters $own -}}
{{- end -}}
{{- $authentication := dict -}}
{{- if .Values.authentication.tokenReview.enabled -}}
{{- with .Values.authentication.tokenReview -}}
{{- $cluster := .cluster | default (ternary $.Values.cluster.id "" $.Values.cluster.enabled) -}}
{{- if not $cluster -}}
{{- fail "authentication.tokenReview.cluster is missing: cluster.enabled is false, so name one of clusters, or use authentication.oidc alone" -}}
{{- end -}}
{{- $_ := set $authentication "token_review" (list (dict "cluster" $cluster "audiences" .audiences)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.authentication.oidc -}}{{- $_ := set $authentication "oidc" . -}}{{- end -}}
{{- if not $authentication -}}
{{- fail "nobody knows callers: set authentication.tokenReview.enabled=true or authentication.oidc; the API listens on no other address than loopback without" -}}
{{- end -}}
{{- if and .Values.tls.clientCASecret (not .Values.tls.existingSecret) -}}
{{- fail "tls.existingSecret is missing: tls.clientCASecret says whose certificates are let in, and the API has none of its own" -}}
{{- end -}}
{{- $hosts := list -}}
{{- range list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) (printf "%s.%s.svc.cluster.local" $name .Release.Namespace) -}}
{{- $hosts = append $hosts . -}}
{{- end -}}
{{- $said := dict "clusters" $clusters "authentication" $authentication "enable_mutations" .Values.enableMutations "allowed_hosts" (concat $hosts .Values.allowedHosts) -}}
{{- toYaml (merge $said .Values.config) -}}
{{- end -}}
