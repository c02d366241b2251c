const entities: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Text for between tags and in attributes; characters that no XML may have are left out. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => entities[character] ?? '').replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
}
