import type { Tables } from '../../db/db.ts'

export type PasswordAlgorithm = 'MD5' | 'SHA-256'

/** How a Space stores passwords. `realm` null: its SIP domain. Algorithm null: the client must choose (D1, D34). */
export interface DigestConfiguration {
  readonly realm: string | null
  readonly defaultPasswordAlgorithm: PasswordAlgorithm | null
}

/** One HTTP host and one SIP domain with its switches. `digest` null: it stores no passwords. */
export type Space = Readonly<Tables['spaces']['$inferSelect']> & { readonly digest: DigestConfiguration | null }

/** Which rows a store function may see: those of one Space, or all of them, with the reason written down. */
export type Scope = { readonly space: Pick<Space, 'domain'> } | { readonly all: Proof }

declare const proof: unique symbol
type Proof = { readonly [proof]: string }

/** Leaves the Space's walls. Only for the given reasons, so that every such place can be found by this name. */
export const everySpace = (reason: 'authentication' | 'command line' | 'housekeeping'): Scope => ({
  all: reason as unknown as Proof,
})

/** The realm that enters every HA1 and challenge of the Space's accounts. */
export const realmOf = (space: Space): string => space.digest?.realm ?? space.domain

/** spec spaces.md §6: expired from 00:00 UTC of the stored date. */
export const isExpired = (space: Space, now: Date): boolean => space.expireAt !== null && space.expireAt <= now
