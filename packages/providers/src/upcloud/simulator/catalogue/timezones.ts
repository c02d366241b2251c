/** Every zone that the machine's own tables know, and UTC, which they do not list. */
export const timezones = (): string[] => [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC'])].toSorted()
