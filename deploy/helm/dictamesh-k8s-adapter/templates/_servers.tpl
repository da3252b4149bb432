{{/* Where Neo4j, Kafka and Redis are: the user's own, or those of a trial. */}}
{{- define "adapter.neo4jUri" -}}
{{- if .Values.trial.neo4j -}}
bolt://{{ include "adapter.name" . }}-neo4j:7687
{{- else -}}
{{ required "which Neo4j? set neo4j.uri and neo4j.existingSecret, or trial.neo4j=true for one in the chart" .Values.neo4j.uri }}
{{- end -}}
{{- end -}}

{{- define "adapter.neo4jSecret" -}}
{{- if .Values.neo4j.existingSecret -}}
{{ .Values.neo4j.existingSecret }}
{{- else if .Values.trial.neo4j -}}
{{ include "adapter.name" . }}-neo4j
{{- else -}}
{{ fail "neo4j.existingSecret is missing: the name of a Secret in this namespace that has the password under neo4j.passwordKey" }}
{{- end -}}
{{- end -}}

{{- define "adapter.kafkaServers" -}}
{{- if .Values.trial.kafka }}{{ include "adapter.name" . }}-kafka:9092{{ else }}{{ .Values.kafka.bootstrapServers }}{{ end -}}
{{- end -}}

{{- define "adapter.redisUrl" -}}
{{- if .Values.trial.redis }}redis://{{ include "adapter.name" . }}-redis:6379/0{{ else }}{{ .Values.redis.url }}{{ end -}}
{{- end -}}

{{/* The ports of what the Pods connect to, for the NetworkPolicy. A Redis whose URL is secret is taken to be at 6379. */}}
{{- define "adapter.serverPorts" -}}
{{- $ports := list -}}
{{- $bolt := regexFind ":[0-9]+$" (include "adapter.neo4jUri" . | trimSuffix "/") | trimPrefix ":" | default "7687" -}}
{{- $ports = append $ports $bolt -}}
{{- range splitList "," (include "adapter.kafkaServers" .) -}}
{{- with regexFind ":[0-9]+$" (trim .) -}}{{- $ports = append $ports (trimPrefix ":" .) -}}{{- end -}}
{{- end -}}
{{- with include "adapter.redisUrl" . -}}
{{- $ports = append $ports (regexFind ":[0-9]+" (regexReplaceAll "^[a-z]+://" . "") | trimPrefix ":" | default "6379") -}}
{{- end -}}
{{- if .Values.redis.existingSecret -}}{{- $ports = append $ports "6379" -}}{{- end -}}
{{- uniq $ports | join "," -}}
{{- end -}}
