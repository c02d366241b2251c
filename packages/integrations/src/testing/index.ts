/** Servers that stand for code hosts, mail and chat in tests. */
export {}
