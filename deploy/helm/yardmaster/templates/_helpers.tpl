{{- define "yardmaster.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 36 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 36 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* The four services: name of the role -> its values. */}}
{{- define "yardmaster.roles" -}}
scheduler: scheduler
engine: engine
ui-api: uiApi
latent-worker-provisioner: latentWorkerProvisioner
{{- end }}

{{/* What a Service or Deployment finds its pods by; takes { root, role }. Never changes over upgrades. */}}
{{- define "yardmaster.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "yardmaster.labels" -}}
{{ include "yardmaster.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "yardmaster.image" -}}
{{ .root.Values.image.repository }}/{{ .role }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "yardmaster.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "yardmaster.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "yardmaster.configMapName" -}}
{{ .Values.config.existingConfigMap | default (printf "%s-config" (include "yardmaster.name" .)) }}
{{- end }}

{{- define "yardmaster.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "yardmaster.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where pods of this role run; takes the role's values and { root, role }. */}}
{{- define "yardmaster.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .values.affinity }}
affinity:
  {{- toYaml .values.affinity | nindent 2 }}
{{- else }}
# A node that dies must not take all replicas of a role.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "yardmaster.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
