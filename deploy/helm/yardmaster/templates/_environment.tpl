{{/* ui-api answers to this name only: the one that is set, else the ingress's, else what `kubectl port-forward` gives. */}}
{{- define "yardmaster.baseUrl" -}}
{{- if .Values.baseUrl -}}{{ .Values.baseUrl }}
{{- else if and .Values.ingress.enabled .Values.ingress.host -}}{{ ternary "https" "http" (not (empty .Values.ingress.tlsSecretName)) }}://{{ .Values.ingress.host }}/
{{- else -}}http://localhost:8010/
{{- end -}}
{{- end -}}

{{- define "yardmaster.serviceEnv" -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ required "connections.secretName names the Secret with DATABASE_URL and NATS_URL" .Values.connections.secretName }}, key: {{ .Values.connections.databaseUrlKey }} } }
- name: NATS_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.connections.secretName }}, key: {{ .Values.connections.natsUrlKey }} } }
{{- with .Values.connections.redisUrlKey }}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ $.Values.connections.secretName }}, key: {{ . }} } }
{{- end }}
- name: YARD_CONFIG
  value: /etc/yardmaster/yard.config.ts
- name: YARD_BASE_URL
  value: {{ include "yardmaster.baseUrl" . | quote }}
{{- with .Values.trustedProxies }}
- name: YARD_TRUSTED_PROXIES
  value: {{ . | quote }}
{{- end }}
- name: YARD_LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: YARD_DB_CONNECTIONS
  value: {{ .Values.databaseConnections | quote }}
{{- if .Values.secrets.existingSecret }}
- name: YARD_SECRETS_DIR
  value: /run/secrets/yardmaster
{{- end }}
{{- range $name, $value := .Values.extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
