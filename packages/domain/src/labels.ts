export type Labels = { readonly [label: string]: string }

/** Whether each of the wanted labels is there, with one of its values. */
export function hasLabels(labels: Labels, wanted: { readonly [label: string]: readonly string[] }): boolean {
  return Object.entries(wanted).every(([label, values]) => Object.hasOwn(labels, label) && values.includes(labels[label]!))
}

/** For people: `os=linux, gpu=a100|h100`. */
export function labelsText(wanted: { readonly [label: string]: readonly string[] }): string {
  return Object.entries(wanted).map(([label, values]) => `${label}=${values.join('|')}`).join(', ')
}
