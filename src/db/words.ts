/** What is looked for, word by word: each must be found, wherever it stands. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** What an index of trigrams can look for. */
export const SHORTEST_TRIGRAM = 3

export const isShort = (word: string): boolean => [...word].length < SHORTEST_TRIGRAM
