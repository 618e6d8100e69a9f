import type { Party } from './parties.ts'

export type Direction = 'outgoing' | 'incoming'

/** Whose calls and messages are looked at. Whoever asks has looked at who may see them. */
export type Whose =
  | { readonly of: 'everybody' }
  /** From it or to it. */
  | { readonly of: 'domain'; readonly domain: string }
  /** `direction` null: both. */
  | { readonly of: 'party'; readonly party: Party; readonly direction: Direction | null }
  /** The accounts in a contacts list. */
  | { readonly of: 'list'; readonly listId: number }

/** `from` ≤ instant ≤ `until`; null: no end. */
export interface Period {
  readonly from: Date | null
  readonly until: Date | null
}
