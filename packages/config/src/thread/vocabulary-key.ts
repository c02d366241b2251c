/** Where a thread keeps the vocabulary for the bundle, whose own import of `@yardmaster/config` reads it from there. */
export const vocabularyKey = 'yardmaster.vocabulary'
