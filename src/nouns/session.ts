import type { Tables } from '../db/db.ts'

/** What the browser may do: everything its account may, set a new password, or type the code of a new account. */
export type SessionKind = 'panel' | 'recovery' | 'registration'

/** A browser that is signed in, with the account as it is now: it may have been blocked meanwhile. */
export interface Session {
  readonly id: number
  /** SHA-256 of its cookie. */
  readonly token: string
  readonly kind: SessionKind
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly expiresAt: Date
  readonly account: Readonly<Tables['accounts']['$inferSelect']>
}
